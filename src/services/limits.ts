/** Limits of services and their tokens. The unit is in the name, the reason beside it. */
export const serviceLimits = {
  serviceNameCharacters: 64,
  /** For how long a service token, once looked up, is believed: a revoked one stops within this. */
  serviceTokenCacheMilliseconds: 2_000,
  /** For how long it is believed while the database does not answer: as long as checks may go on from memory. */
  serviceTokenStaleMilliseconds: 10_000,
  /** Then, how often the database is tried. */
  serviceTokenRetryMilliseconds: 500,
  /** Looked-up service tokens kept, and as many unknown ones: guessing must not become database load. */
  serviceTokenCacheEntries: 1_000,
  /** How coarsely it is written down when a token was used last: one write an hour of each node is none. */
  serviceTokenUseMilliseconds: 60 * 60_000,
  /** For how long the old token stays good after a rotation, unless the operator says otherwise; and what he may say. */
  serviceTokenKeptMilliseconds: 24 * 60 * 60_000,
  serviceTokenKeptMaximumMilliseconds: 30 * 24 * 60 * 60_000,
  /** The longest expiry that can be set; without one, a token never expires. */
  serviceTokenLifeMaximumMilliseconds: 10 * 365 * 24 * 60 * 60_000,
  /** Tokens that are looked up at once, but for those of services that were known a moment ago. */
  serviceLookupsAtOnce: 100,
} as const;
