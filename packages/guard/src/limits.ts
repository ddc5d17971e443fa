/** Limits of a guard. The unit is in the name, the reason beside it. */
export const guardLimits = {
  /** TCP, TLS and HTTP/2 together. Short: an address that drops packets must not delay the next attempt. */
  connectMilliseconds: 1_000,
  /** From a stream's start to its snapshot's end: 100 MB take 10 s over a slow line. */
  firstLeaseMilliseconds: 60_000,
  /** After this long without a lease from a node, another node is tried. */
  withoutLeaseMilliseconds: 5_000,
  /** Rest of such a node, at least half of it: each attempt costs a snapshot, and the database may be at fault. */
  withoutLeaseRestMilliseconds: 40_000,
  /** First wait between attempts; a random part is used. With the time to connect, a subscriber is back within 2 s. */
  backoffFirstMilliseconds: 100,
  backoffMilliseconds: 500,
  /** Wait, at least half of it, after a refusal only an operator can fix, or a second protocol fault. */
  refusedMilliseconds: 10_000,
  /** A stream with a lease this long is healthy: earlier failures no longer count. */
  settledMilliseconds: 10_000,
  /**
   * The share of the grace period in which a subscriber starts to move: random, so that subscribers do not move together, and
   * early enough.
   */
  movingShare: 1 / 3,
  /** An authority that grants a longer lease is broken. */
  leaseMilliseconds: 60_000,
  /** The shortest renewal interval and silence that an authority may set. */
  renewalMinimumMilliseconds: 20,
  silenceMaximumMilliseconds: 60_000,
  /** Unanswered renewals; with more, the authority has stopped reading. */
  openRenewals: 64,
  /** The authority's largest message: 256 KiB of a filter with framing, or 1,000 keys. */
  messageBytes: 512 * 1024,
  /** The answer about one token, with its claims; a token has at most 8 KiB. */
  answerBytes: 64 * 1024,
  /** Additional bytes per subject of a batch: a reason, or why there is no answer. */
  verdictBytes: 256,
  /** Flow-control window of stream and connection: a snapshot must not wait for each round trip. */
  windowBytes: 1024 * 1024,
  /** Headers of an answer; ours have about six. */
  headers: 64,
  /** Default of maximumRevocations: about 70 MB. */
  revocations: 20_000_000,
  /** Filter bytes per revocation: 2.4 in full filters, 2.1 times as many at worst (slicedFilter.ts). */
  bytesPerRevocation: 6,
  /** Lower bound: a new authority has many small filters of 10 kB each, even with few revocations. */
  fewestFilterBytes: 16 * 1024 * 1024,
  /** The shortest time slice an authority may have. */
  sliceMinimumMilliseconds: 1_000,
  /** Time slices and filters: 8 slices per token lifetime, one per hour of the day, and each may grow. */
  slices: 256,
  filters: 4_096,
  /** The longest expiry of an entry: tokens live 24 h; the rest is for rounding and clock differences. */
  expiryMilliseconds: 48 * 60 * 60 * 1000,
  /** One question to one node; a check's second has room for two. */
  questionMilliseconds: 450,
  /** Nodes asked one after the other: more do not fit into that second. */
  questionAttempts: 2,
  /** Late answers in a row before a connection counts as dead and is replaced. */
  questionsLateInARow: 3,
  /** Wait after a failed connection, at least half of it: a starting node must not be flooded. */
  questionRestMilliseconds: 300,
  /** Concurrent questions; beyond them a check is refused. */
  questions: 1_000,
  /** Unknown key names asked about in a second: a rotation has one, and invented ones must not become load. */
  unknownKeys: 8,
  /** Used proofs in memory, about 200 bytes each; beyond them a proof is refused, since it could have been used before. */
  usedProofs: 250_000,
  /** They are forgotten in groups of this much time. */
  usedProofsGroupMilliseconds: 30_000,
  /** How long a closing guard waits for the node to hear of it. */
  leaveMilliseconds: 250,
  /** How often a guard checks whether its lease has ended; only the hook needs it. */
  leaseLookMilliseconds: 100,
  /** The largest options: 500 MB of full filters, and 20 GB of tokens; more is a typing mistake. */
  maximumRevocations: 200_000_000,
  maximumRememberedTokens: 10_000_000,
  /** An audience or issuer: the longest URL in common use. */
  nameCharacters: 2_048,
  /** Addresses of authorities. */
  addresses: 32,
  /** The authority's issuer: each token contains it, and tokens end at 8,192. */
  issuerCharacters: 2_048,
  /** Longer texts from the authority, such as its name or a stream's end, are cut. */
  textCharacters: 200,
} as const;
