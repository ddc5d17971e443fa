/** Limits of gRPC. The unit is in the name, the reason beside it. */
export const grpcLimits = {
  /** Time for remaining streams to end after all calls are answered. */
  grpcLastStreamsMilliseconds: 500,
  /** The largest single request: a token is at most 8 KiB. */
  grpcRequestBytes: 64 * 1024,
  /** The largest batch: 10,000 jtis of 36 characters with framing are 380 kB, 1,000 typical tokens 700 kB. */
  grpcBatchBytes: 1024 * 1024,
  /** All metadata of a call, names and values; the longest we read is a service token of 46 characters. */
  grpcMetadataBytes: 8 * 1024,
  /** A check is answered within this, whatever the caller's deadline: no user waits longer for a page. */
  grpcCheckMilliseconds: 2_000,
  /** A list that no index serves reads a million rows in a second or two. */
  grpcSearchMilliseconds: 10_000,
  /** A batch may need one confirmation per id. */
  grpcBatchMilliseconds: 10_000,
  /** A change: one lease for a dead node, or page by page for millions of sessions. Pages have their own limits. */
  grpcChangeMilliseconds: 10 * 60_000,
  /** Concurrent calls on an authorised connection: one caller cannot use up the node. */
  grpcStreamsPerConnection: 1_000,
  /** Concurrent calls on an unauthorised connection: a first burst; further ones wait at the caller for a moment. */
  grpcStrangerStreams: 20,
  /** Unauthorised connections, in total and per address; the oldest gives way. Each costs about 50 kB. */
  grpcStrangers: 1_000,
  grpcStrangersOfAddress: 250,
  /** A TLS handshake is slower only after three lost packets. */
  grpcHandshakeMilliseconds: 10_000,
  /** Concurrent health and reflection calls, in total and per address; the oldest gives way. Some watch for hours. */
  grpcOpenCalls: 500,
  grpcOpenCallsOfAddress: 100,
  /** Health and reflection requests: the name of a service or symbol. */
  grpcOpenRequestBytes: 1024,
  /** Questions on one reflection stream, whose unread answers stay in memory: tools ask for a few files. */
  grpcOpenMessages: 100,
  /** Time for a request to arrive, if its method has no shorter one: 1 MB at 100 kB/s. */
  grpcArrivalMilliseconds: 10_000,
  /** How often late and finished calls are looked for. */
  grpcLookMilliseconds: 250,
  /** A service of five hundred processes with two connections each. */
  grpcServiceConnections: 1_000,
  /** Concurrent calls per service, streams included. */
  grpcServiceCalls: 5_000,
  /**
   * Unread messages, per service and in total: thirty batches, and four times as much. Compressed messages count at their maximum
   * size. A service may hold more only while it has less than is free.
   */
  grpcServiceMessageBytes: 32 * 1024 * 1024,
  grpcAllMessageBytes: 128 * 1024 * 1024,
  /** Memory per connection, such as for unread answers: some batches in both directions. */
  grpcSessionMegabytes: 32,
  /** A connection closes at this age, ± 10 %, so that callers spread to added nodes. */
  grpcConnectionAgeMilliseconds: 30 * 60_000,
  /** Time for calls in flight at that age; streams are asked to move earlier. */
  grpcConnectionGraceMilliseconds: 60_000,
  /** A connection without calls is closed; clients reconnect when needed. */
  grpcConnectionIdleMilliseconds: 15 * 60_000,
  /** Interval of keepalive pings; a connection that does not answer is closed. */
  grpcKeepaliveMilliseconds: 30_000,
  grpcKeepaliveAnswerMilliseconds: 10_000,
  /** Interval at which the health service checks this node; equal to lease renewal. */
  grpcHealthMilliseconds: 500,
  /** Interval at which certificate files are read: an operator who replaces one sees the effect at once. */
  certificatesMilliseconds: 1_000,
  /** A younger connection gets no GOAWAY: its first request may be unread. */
  goawayAgeMilliseconds: 1_000,
} as const;
