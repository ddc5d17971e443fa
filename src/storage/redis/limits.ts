/** Limits of Redis: time, messages and saved memory. The unit is in the name, the reason beside it. */
export const redisLimits = {
  /** For making a connection: name, TCP, TLS, login and the first question. */
  redisMilliseconds: 2_000,
  /** One try at the start: asking each of some Sentinels or nodes of a Cluster may take the time of several. */
  redisStartMilliseconds: 6_000,
  /** A command that a caller waits for. Redis answers in less than one; with a check's second, the truth can be asked yet. */
  redisCommandMilliseconds: 500,
  /** After a command that was not answered: how often Redis is asked whether it is back, and nothing else is sent. */
  redisProbeMilliseconds: 250,
  /** The longest wait before connecting again; the first is this much shorter than that. */
  redisBackoffFirstMilliseconds: 50,
  redisBackoffMilliseconds: 1_000,
  /** A subscription that has died without a word is noticed within this: nothing else is ever sent on it. */
  redisHeartbeatMilliseconds: 1_000,
  /** Ids that one script call adds, at 1–2 µs each: nobody else is served meanwhile, so it should be a few ms. */
  redisScriptIds: 1_000,
  /** What is read or written of saved memory in one command. */
  savedPieceBytes: 256 * 1024,
  /** Saved memory that says it is larger is not read: that is room for 200 million revocations. */
  savedMemoryBytes: 512 * 1024 * 1024,
  /** What says what was saved: a line for each piece and each time slice, of which revocations of earlier systems make many. */
  savedManifestBytes: 2 * 1024 * 1024,
  /** Redis keeps a slice for this much longer than it is asked for, so that a fast clock there drops nothing live (S9). */
  redisSliceMarginSeconds: 60,
  /** Memory that was saved again is left for this long to whoever reads it: ten million revocations take about a second. */
  savedMemoryLingersMilliseconds: 30_000,
  /** A message between nodes. One that would be longer says "read them from the truth" instead. */
  busMessageBytes: 64 * 1024,
  /** By how many messages of one sender another one may be overtaken, on its way through a Cluster. */
  busWindowMessages: 1_024,
  /** Senders whose messages are told from repeated ones: far more than there are nodes, since each start is a new one. */
  busSenders: 1_000,
} as const;
