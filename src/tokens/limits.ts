/** Limits of access tokens and of checks. The unit is in the name, the reason beside it. */
export const tokenLimits = {
  /** The maximum of the settings; see platform/config/values.ts. */
  audienceCharacters: 255,
  /** An earlier system's token id; most are UUIDs. */
  externalIdBytes: 512,
  /** Ids in one BatchIsRevoked. */
  batchIsRevokedIds: 10_000,
  /** Tokens in one BatchIntrospect: 80 ms of a core when none is cached. */
  batchIntrospectTokens: 1_000,
  /** Tokens verified before other requests get a turn: about 8 ms. */
  batchIntrospectAtOnce: 100,
} as const;
