/** Limits of services and their tokens. The unit is in the name, the reason beside it. */
export const serviceLimits = {
  serviceNameCharacters: 64,
  /** How long a looked-up service token is trusted: a revoked one stops within this. */
  serviceTokenCacheMilliseconds: 2_000,
  /** How long it is trusted while the database does not answer: as long as checks may go on from memory. */
  serviceTokenStaleMilliseconds: 10_000,
  /** How often the database is tried during that time. */
  serviceTokenRetryMilliseconds: 500,
  /** Cached service tokens, and as many unknown ones: guessing must not become database load. */
  serviceTokenCacheEntries: 1_000,
  /** Precision of a token's last use: one write per node and hour costs nothing. */
  serviceTokenUseMilliseconds: 60 * 60_000,
  /** How long the old token stays valid after a rotation, unless the operator sets it; and the maximum. */
  serviceTokenKeptMilliseconds: 24 * 60 * 60_000,
  serviceTokenKeptMaximumMilliseconds: 30 * 24 * 60 * 60_000,
  /** The longest expiry an operator may set; without one, a token never expires. */
  serviceTokenLifeMaximumMilliseconds: 10 * 365 * 24 * 60 * 60_000,
  /** Concurrent look-ups, without those of services known a moment ago. */
  serviceLookupsAtOnce: 100,
} as const;
