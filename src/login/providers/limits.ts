/** Limits of sign-in with other providers. The unit is in the name, the reason beside it. */
export const providerLimits = {
  /** Buttons on one page; each is an agreement that somebody keeps. */
  providers: 50,
  /** The file: fifty entries with long secrets. */
  fileBytes: 256 * 1024,
  secretCharacters: 4_096,
  labelCharacters: 50,
  /** Tenants of Entra that may sign in; whoever has more lets any. */
  tenants: 100,
  /** Time to sign in at the provider, with a second factor there. */
  attemptMilliseconds: 10 * 60_000,
  /** The cookies of all attempts of one browser: they come with every request, whose headers have 16 KiB. */
  attemptsCharacters: 8_000,
  /** A path with its query, such as an authorization request. The cookie has room for 4,096 characters of base64url. */
  returnToCharacters: 2_600,
  /** From the callback to the page that completes it: one redirect and a click. */
  handleMilliseconds: 60_000,
  /** Identities of one user. */
  identitiesPerUser: 10,
  /** OpenID Connect Core §2: `sub` has at most 255 ASCII characters. */
  subjectCharacters: 255,
  /** One answer of a provider: somebody waits for it, and there are up to four in a row. */
  answerSeconds: 5,
  /** Metadata and key sets have a few KiB, key sets of the largest providers 20. */
  answerBytes: 256 * 1024,
  /** The provider's metadata are read again after this. */
  metadataMilliseconds: 60 * 60_000,
} as const;
