/** Limits of gRPC. The unit is in the name, the reason beside it. */
export const grpcLimits = {
  /** When all calls have been answered, streams that are left get this much time to end. */
  grpcLastStreamsMilliseconds: 500,
  /** The largest request that is no batch: a token is at most 8 KiB. */
  grpcRequestBytes: 64 * 1024,
  /** The largest batch: 10,000 jti of 36 characters with their framing are 380 kB, 1,000 usual tokens 700 kB. */
  grpcBatchBytes: 1024 * 1024,
  /** All metadata of a call, names and values; the longest that we read is a service token of 46 characters. */
  grpcMetadataBytes: 8 * 1024,
  /** A check is answered within this, whatever the deadline of its caller: nobody waits longer for a page. */
  grpcCheckMilliseconds: 2_000,
  /** A batch, whose confirmations may be as many as its ids. */
  grpcBatchMilliseconds: 10_000,
  /** A change: one lease for a dead node, or page by page what millions of sessions take. Each page has its own limits. */
  grpcChangeMilliseconds: 10 * 60_000,
  /** Concurrent calls on one connection, once one was authorised: one caller cannot take the whole node. */
  grpcStreamsPerConnection: 1_000,
  /** Concurrent calls on a connection on which none was authorised: a first burst; the others wait at the caller for a moment. */
  grpcStrangerStreams: 20,
  /** Connections on which no call was authorised, in all and of one address; the oldest gives way. Each costs about 50 kB. */
  grpcStrangers: 1_000,
  grpcStrangersOfAddress: 250,
  /** A TLS handshake that takes longer: three lost packets. */
  grpcHandshakeMilliseconds: 10_000,
  /** Calls of health and reflection at once, in all and of one address; the oldest gives way. Some watch for hours. */
  grpcOpenCalls: 500,
  grpcOpenCallsOfAddress: 100,
  /** Of health and reflection: the name of a service or a symbol. */
  grpcOpenRequestBytes: 1024,
  /** Questions on one stream of reflection, whose answers wait in memory for whoever asks and does not read: tools ask for some files. */
  grpcOpenMessages: 100,
  /** From the beginning of a call until its request is there, where the method has no shorter time: 1 MB at 100 kB/s. */
  grpcArrivalMilliseconds: 10_000,
  /** How often calls are looked for that did not arrive in time, or are over. */
  grpcLookMilliseconds: 250,
  /** A service of five hundred processes, each with two connections. */
  grpcServiceConnections: 1_000,
  /** Calls at once of one service; a stream is one. */
  grpcServiceCalls: 5_000,
  /**
   * Messages that have not been read, of one service and of all: thirty batches, and four times as much. What is compressed counts as the
   * longest that it may become. A service may hold more only while it has less than is free.
   */
  grpcServiceMessageBytes: 32 * 1024 * 1024,
  grpcAllMessageBytes: 128 * 1024 * 1024,
  /** What one connection may hold in memory, such as answers that nobody reads: room for some batches in both directions. */
  grpcSessionMegabytes: 32,
  /** A connection is closed when it is this old, ± 10 %, so that callers spread over nodes that were added. */
  grpcConnectionAgeMilliseconds: 30 * 60_000,
  /** Calls that are in flight then may go on for this long; streams are asked to move before. */
  grpcConnectionGraceMilliseconds: 60_000,
  /** A connection on which nothing is called is closed; clients open another one when they need it. */
  grpcConnectionIdleMilliseconds: 15 * 60_000,
  /** A connection is asked whether anybody is there this often, and closed without an answer in time. */
  grpcKeepaliveMilliseconds: 30_000,
  grpcKeepaliveAnswerMilliseconds: 10_000,
  /** How often the health service looks whether this node can answer; as often as it renews its lease. */
  grpcHealthMilliseconds: 500,
  /** How often the files of certificates are looked at: whoever replaced one sees the effect while still at the keyboard. */
  certificatesMilliseconds: 1_000,
  /** A connection that is younger gets no GOAWAY: its first request may not have been read yet. */
  goawayAgeMilliseconds: 1_000,
} as const;
