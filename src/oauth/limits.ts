/** Limits of OAuth requests. The unit is in the name, the reason beside it. */
export const oauthLimits = {
  /** How far ahead a client assertion may expire: it is made for one request. */
  assertionSeconds: 300,
  /** Its own id is stored until then. */
  assertionIdCharacters: 255,
  /** A client's own session stays this long after its last token. */
  clientSessionMilliseconds: 90 * 24 * 60 * 60_000,
  redirectUris: 20,
  redirectUriCharacters: 2_000,
  /** Scopes that a client may ask of its users. */
  clientScopes: 100,
  clientAudiences: 20,
  clientKeys: 10,
} as const;
