/** Every limit of a guard, in one place: the unit is in the name, the reason beside it. */
export const guardLimits = {
  /** TCP, TLS and HTTP/2 together. Short, since an address that drops packets must not hold up the next attempt. */
  connectMilliseconds: 1_000,
  /** From the start of a stream to the end of its snapshot: 100 MB of snapshot take 10 s over a slow line. */
  firstLeaseMilliseconds: 60_000,
  /** When a node has had no lease to give for this long, another one is tried. */
  withoutLeaseMilliseconds: 5_000,
  /** It is not tried again for this long, half of it at least: each attempt costs a snapshot, and it may be the database. */
  withoutLeaseRestMilliseconds: 40_000,
  /** Waits between attempts, of which a random part is taken: with the time to connect, a subscriber is back within 2 s. */
  backoffFirstMilliseconds: 100,
  backoffMilliseconds: 500,
  /** After a refusal that only an operator can mend, and after a second fault of the protocol: half of it at least. */
  refusedMilliseconds: 10_000,
  /** A stream that has had a lease for this long is well: what failed before counts no longer. */
  settledMilliseconds: 10_000,
  /** Of the time to move, in which a subscriber begins: subscribers that are asked together do not come together, and have time left. */
  movingShare: 1 / 3,
  /** No lease is longer: an authority that grants more is broken. */
  leaseMilliseconds: 60_000,
  /** How often a subscriber may be told to renew, and after which silence a stream can be said to be dead. */
  renewalMinimumMilliseconds: 20,
  silenceMaximumMilliseconds: 60_000,
  /** Renewals that were not answered; more, and the authority has stopped to listen. */
  openRenewals: 64,
  /** The largest message of the authority: 256 KiB of a filter with framing, or 1,000 keys. */
  messageBytes: 512 * 1024,
  /** The answer to a question about one token, whose claims are in it; a token has 8 KiB at most. */
  answerBytes: 64 * 1024,
  /** Beside that, for each subject of a batch: a reason, or why it could not be answered, in words. */
  verdictBytes: 256,
  /** Of a stream, and of its connection, that may be on the way: a snapshot does not wait for each round trip. */
  windowBytes: 1024 * 1024,
  /** Of an answer; ours have about six. */
  headers: 64,
  /** Live revocations that a subscriber has room for, unless it is told otherwise: about 50 MB. */
  revocations: 20_000_000,
  /** Bytes of filters for each of them: 2.4 when they are full, and they grow by half. */
  bytesPerRevocation: 5,
  /** Filters of a fresh authority are small ones, 10 kB each, however few revocations there are. */
  fewestFilterBytes: 16 * 1024 * 1024,
  /** The shortest time slice that an authority can have. */
  sliceMinimumMilliseconds: 1_000,
  /** Time slices, and filters in them: 8 over the lifetime of a token, one for each hour of a day, and each grows. */
  slices: 256,
  filters: 4_096,
  /** An entry expires within this: tokens live for 24 h, and the rest is for rounding and for clocks that differ. */
  expiryMilliseconds: 48 * 60 * 60 * 1000,
  /** A question to one node; within a check's second there is time for another one. */
  questionMilliseconds: 450,
  /** To how many nodes one question goes, one after the other: more do not fit into that second. */
  questionAttempts: 2,
  /** Of one connection; then it is taken for dead, though nobody said so, and another one is made. */
  questionsLateInARow: 3,
  /** After a connection that failed, half of this at least before there is another one: a node that starts is not flooded. */
  questionRestMilliseconds: 300,
  /** Questions under way at once; above this a check is refused. */
  questions: 1_000,
  /** Names of keys that are not there, asked about within a second: a rotation has one, and made-up ones must not become load. */
  unknownKeys: 8,
  /** How long a closing guard waits for a node to hear that it leaves. */
  leaveMilliseconds: 250,
  /** How often a guard looks whether its lease has ended, of which nothing tells; only its hook waits for that. */
  leaseLookMilliseconds: 100,
  /** What the options may ask for: 500 MB of filters when they are full, and 20 GB of tokens; more is a slip of the pen. */
  maximumRevocations: 200_000_000,
  maximumRememberedTokens: 10_000_000,
  /** An audience or an issuer; the longest URL that everybody takes. */
  nameCharacters: 2_048,
  /** Addresses of authorities. */
  addresses: 32,
  /** What an authority may say that it is: each token has it, and those end at 8,192. */
  issuerCharacters: 2_048,
  /** What an authority says of itself, such as its name or why it ends a stream, is cut after this. */
  textCharacters: 200,
} as const;
