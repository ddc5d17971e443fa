/** Limits of OAuth requests. The unit is in the name, the reason beside it. */
export const oauthLimits = {
  /** How far ahead a client assertion may expire: it is made for one request. */
  assertionSeconds: 300,
  /** Its own id is stored until then. */
  assertionIdCharacters: 255,
  /** A client's own session stays this long after its last token. */
  clientSessionMilliseconds: 90 * 24 * 60 * 60_000,
  /** An authorization request with all its parameters: it travels in addresses, which some proxies cut at 8 kB. */
  authorizationCharacters: 4_000,
  /** From the first page to the last: a user may have to look for a phone. */
  authorizationMilliseconds: 60 * 60_000,
  /** How long a sign-in counts as one for the request: the address of a request could be opened again later. */
  freshSignInMilliseconds: 5 * 60_000,
  /** Sealed, with room for the rest of the address of the sign-in page (`login/limits.ts`). */
  sealedRequestCharacters: 7_500,
  /** RFC 9126 §2.2: from the push to the browser. */
  pushedRequestMilliseconds: 90_000,
  /** RFC 6749 §4.1.2 recommends at most ten minutes; a redirect takes seconds. */
  codeMilliseconds: 60_000,
  /** A code that was used is remembered: its second use ends the session that came of the first. */
  usedCodeMilliseconds: 24 * 60 * 60_000,
  /** An ID token is for the client, at once. */
  idTokenMilliseconds: 10 * 60_000,
  /** Back-Channel Logout §2.4 recommends at most two minutes. */
  logoutTokenMilliseconds: 120_000,
  redirectUris: 20,
  /** Nobody can work out the user of a name. */
  subjectSaltBytes: 32,
  redirectUriCharacters: 2_000,
  /** Scopes that a client may ask of its users. */
  clientScopes: 100,
  clientAudiences: 20,
  clientKeys: 10,
  /** Of one gRPC answer: unless the caller asks for fewer, and at most. */
  clientsPageDefault: 100,
  clientsPageMaximum: 500,
  /** Of each setting in the audit event of a change: nine of them fit into one event. */
  auditedCharacters: 350,
  /** How long a client that did not answer is not told of logouts: each try holds a place for ten seconds. */
  silentClientMilliseconds: 30_000,
} as const;
