/**
 * Limits that the authority and its guards must share, or that shared code needs. The unit is in the name, the reason beside it.
 */
export const verifierLimits = {
  /** How often a token may have been exchanged: services that call services. */
  actors: 8,
  /** The longest lifetime of an access token: the deny-list keeps each revocation as long. */
  accessTokenMaximumSeconds: 24 * 60 * 60,
  /** False positives of a full filter. Each costs one confirmation, so it only affects speed. */
  bloomFalsePositives: 1e-4,
  /** The smallest filter; below it, memory does not matter. */
  bloomFirstCapacity: 4_096,
  /** The largest clock difference between signer and verifier. */
  clockSkewSeconds: 10,
  /** A clock that loses more between two readings was set back; a slewed clock loses far less. */
  clockSlewMilliseconds: 1_000,
  /** Filter hits confirmed in one statement. */
  confirmationBatch: 1_000,
  /** A check whose confirmation takes longer is UNAVAILABLE. */
  confirmationMilliseconds: 1_000,
  /** Filter hits waiting for confirmation; beyond them a check is UNAVAILABLE, never "not revoked". */
  confirmationsWaiting: 20_000,
  /** Confirmed revocations in memory, so that a retrying client costs no statement. */
  confirmedRevocations: 10_000,
  /** Time limit of the shared copy, because the database can answer too. */
  copyMilliseconds: 250,
  /** Filter bytes in one message. */
  subscriberFilterBytes: 256 * 1024,
  /** Revocations in one message to subscribers, about 40 kB. */
  subscriberMessageEntries: 1_000,
  /** From a stream's start to the first message, of either side. */
  subscriberStartMilliseconds: 2_000,
  /** An older ring is not used at all: one of its keys may be revoked. */
  keyRingBelievedMilliseconds: 60_000,
  /** How far `iat` of a proof may be from now: clocks of phones are off by a minute or two. */
  proofSeconds: 120,
  /** `jti`, `htu` and `nonce` of a proof; the longest address in common use. */
  proofTextCharacters: 2_048,
  /** Published keys, 200 bytes each; settings that would need more are refused. */
  publishedKeys: 1_000,
  /** A revocation outlives its tokens by this: the skew of verifier, node and database. */
  revocationMarginSeconds: 70,
  /** Slices per token lifetime: more free memory sooner, fewer are faster to search. */
  revocationSlices: 8,
  /** The longest accepted token; ours have about 700 bytes. Checked before decoding. */
  tokenCharacters: 8 * 1024,
  /** An unknown `kid` reloads the ring, at most this often: invented ones must not become load. */
  unknownKeyMilliseconds: 1_000,
  /** Verified tokens, cached to avoid decoding and verifying them again; about 4 kB each. */
  verifiedTokens: 10_000,
} as const;
