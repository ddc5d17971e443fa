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
  /** Issuers of a move: each is looked up by its name, so the number costs nothing. */
  earlierIssuers: 20,
  /** Together with the issuer they fit into `externalIdBytes`. */
  earlierJtiBytes: 255,
  earlierSubjectBytes: 255,
  earlierKidCharacters: 255,
  /** A JWK Set with certificates; ours have 1 kB. */
  earlierKeysBytes: 256 * 1024,
  earlierKeys: 100,
  /** Within the deadline of a gRPC call, which waits for it. */
  earlierKeysMilliseconds: 1_500,
  /** Older keys are fetched again when one is needed: a key that its issuer took back stops within this time. */
  earlierKeysFreshMilliseconds: 10 * 60_000,
  /** An unknown `kid` fetches at most this often: invented ones must not become load for the issuer. */
  earlierKeysAgainMilliseconds: 60_000,
  /** Without any keys, after a failure. */
  earlierKeysRetryMilliseconds: 5_000,
  /** The longest life of a token: an issuer that was switched off has none left after that. */
  earlierKeysBelievedMilliseconds: 24 * 60 * 60_000,
} as const;
