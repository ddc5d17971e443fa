/** Limits of HTTP. The unit is in the name, the reason beside it. */
export const httpLimits = {
  /** The largest request body; the longest legal one is a password change of two 1024-byte passwords. */
  httpBodyBytes: 16 * 1024,
  /** All request headers together; a token is at most 8 KiB and is sent in one. */
  httpHeadersBytes: 16 * 1024,
  /** A whole request has arrived within this, else 408: slow senders must not hold sockets. */
  httpRequestMilliseconds: 15_000,
  /** How often slow requests are looked for (Node: every 30 s), and when a connection ends on which nothing moves: no logout takes longer. */
  httpWatch: { lookMilliseconds: 1_000, silenceMilliseconds: 120_000 },
  /** An idle keep-alive connection is closed after this. Longer than the 60 s of common load balancers. */
  httpKeepAliveMilliseconds: 65_000,
  /**
   * Connections on which no whole request is being worked on, answers on their way included, in all and of one address that is no trusted proxy; the oldest gives
   * way. Each costs about 15 kB. An office of a few hundred people fits behind one address.
   */
  httpIdleConnections: 4_000,
  httpIdleConnectionsOfAddress: 1_000,
  /** Requests of one connection whose answers have not gone out. Browsers and proxies send one at a time. */
  httpRequestsAtOnce: 4,
  /** For how long a browser remembers what another origin may send. What it may read, each answer says anew. */
  corsPreflightSeconds: 600,
  /** Longer User-Agent values are cut, not refused: they are shown, never interpreted. */
  userAgentCharacters: 512,
  /** A port on this machine that is not answered within this is taken for free; listening will tell. */
  takenPortMilliseconds: 1_000,
  /** Addresses of proxies that nobody named of which the log and the warnings tell: a program on this machine must not hide the proxy. */
  unnamedProxies: 8,
} as const;
