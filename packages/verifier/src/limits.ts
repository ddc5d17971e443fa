/**
 * Limits that the authority and its guards must agree on, or that the shared code keeps. The unit is in the name, the reason beside it.
 */
export const verifierLimits = {
  /** The longest lifetime of an access token: the deny-list keeps each revocation for as long as that. */
  accessTokenMaximumSeconds: 24 * 60 * 60,
  /** False positives per filter at its capacity. Each costs one confirmation, so it is a matter of speed only. */
  bloomFalsePositives: 1e-4,
  /** The smallest capacity of a filter; below it, memory is not worth thinking about. */
  bloomFirstCapacity: 4_096,
  /** How far clocks may differ between a signer and a verifier. */
  clockSkewSeconds: 10,
  /** A clock that falls behind by more between two looks was set back; one that is slewed falls behind by far less. */
  clockSlewMilliseconds: 1_000,
  /** Bloom hits confirmed in one statement. */
  confirmationBatch: 1_000,
  /** How long a check may wait for its confirmation before it is UNAVAILABLE. */
  confirmationMilliseconds: 1_000,
  /** Bloom hits waiting for confirmation; above this a check is UNAVAILABLE, never "not revoked". */
  confirmationsWaiting: 20_000,
  /** Confirmed revocations kept in memory, so that a client that keeps trying costs no statement. */
  confirmedRevocations: 10_000,
  /** How long the shared copy may take for an answer that the database can give as well. */
  copyMilliseconds: 250,
  /** The bytes of a filter in one message. */
  subscriberFilterBytes: 256 * 1024,
  /** Revocations in one message to subscribers, about 40 kB. */
  subscriberMessageEntries: 1_000,
  /** From the beginning of a stream to its first message, of either side. */
  subscriberStartMilliseconds: 2_000,
  /** A ring that is older is not used at all: it may hold a key that was revoked. */
  keyRingBelievedMilliseconds: 60_000,
  /** Keys that may be published at once, 200 bytes each; settings that would lead to more are refused. */
  publishedKeys: 1_000,
  /** A revocation outlives the tokens it covers by this: skew of the verifier, of this node and of the database. */
  revocationMarginSeconds: 70,
  /** Time slices over the lifetime of an access token: more slices free memory sooner, fewer are quicker to ask. */
  revocationSlices: 8,
  /** The longest compact JWS that is looked at; ours are about 700 bytes. Checked before anything is decoded. */
  tokenCharacters: 8 * 1024,
  /** A `kid` that is not in the ring has it looked at again, at most this often: made-up ones must not become load. */
  unknownKeyMilliseconds: 1_000,
  /** Tokens whose signature was verified, kept so that it need not be verified again; about 2 kB each. */
  verifiedTokens: 10_000,
} as const;
