/** Limits of access tokens and of the questions about them. The unit is in the name, the reason beside it. */
export const tokenLimits = {
  /** As the settings allow; see platform/config/values.ts. */
  audienceCharacters: 255,
  /** The name of a token of an earlier system; common ones are UUIDs. */
  externalIdBytes: 512,
  /** Ids in one BatchIsRevoked. */
  batchIsRevokedIds: 10_000,
  /** Tokens in one BatchIntrospect: 80 ms of one core when none of them was seen before. */
  batchIntrospectTokens: 1_000,
  /** Of which this many are verified before others get a turn: about 8 ms. */
  batchIntrospectAtOnce: 100,
} as const;
