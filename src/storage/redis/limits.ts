/** Limits of Redis: time, messages and saved memory. The unit is in the name, the reason beside it. */
export const redisLimits = {
  /** Time to connect: name, TCP, TLS, login and the first question. */
  redisMilliseconds: 2_000,
  /** One attempt at the start: asking several Sentinels or Cluster nodes may take several connection times. */
  redisStartMilliseconds: 6_000,
  /** A command that a caller waits for. Redis usually answers in under 1 ms; a check's second has time left for the database. */
  redisCommandMilliseconds: 500,
  /** After an unanswered command: probing interval; nothing else is sent. */
  redisProbeMilliseconds: 250,
  /** The first wait before reconnecting, and the longest. */
  redisBackoffFirstMilliseconds: 50,
  redisBackoffMilliseconds: 1_000,
  /** A silently dead subscription is noticed within this: nothing else is ever sent on it. */
  redisHeartbeatMilliseconds: 1_000,
  /** Ids added by one script call, at 1–2 µs each: Redis serves nobody else meanwhile, so a few ms at most. */
  redisScriptIds: 1_000,
  /** Saved memory read or written in one command. */
  savedPieceBytes: 256 * 1024,
  /** Larger saved memory is not read: this fits 200 million revocations. */
  savedMemoryBytes: 512 * 1024 * 1024,
  /** The manifest of saved memory: a line per piece and per time slice, of which earlier systems' revocations make many. */
  savedManifestBytes: 2 * 1024 * 1024,
  /** Redis keeps a slice this much longer than needed, so that a fast clock there drops nothing live (S9). */
  redisSliceMarginSeconds: 60,
  /** Replaced saved memory is kept this long for its readers: ten million revocations take about a second. */
  savedMemoryLingersMilliseconds: 30_000,
  /** A message between nodes. A longer one says "read them from the database" instead. */
  busMessageBytes: 64 * 1024,
  /** How many messages of one sender may overtake another in a Cluster. */
  busWindowMessages: 1_024,
  /** Senders tracked for repeated messages: far more than nodes, because each start is a new sender. */
  busSenders: 1_000,
} as const;
