/** Limits of HTTP. The unit is in the name, the reason beside it. */
export const httpLimits = {
  /** The largest request body; the longest legal one is a password change with two 1024-byte passwords. */
  httpBodyBytes: 16 * 1024,
  /** All request headers; a token of at most 8 KiB is in one. */
  httpHeadersBytes: 16 * 1024,
  /** Time for a whole request to arrive, else 408: slow senders must not hold sockets. */
  httpRequestMilliseconds: 15_000,
  /** How often slow requests are looked for (Node.js: every 30 s), and when a silent connection ends: no logout takes longer. */
  httpWatch: { lookMilliseconds: 1_000, silenceMilliseconds: 120_000 },
  /** An idle keep-alive connection closes after this: longer than the 60 s of common load balancers. */
  httpKeepAliveMilliseconds: 65_000,
  /**
   * Connections without a request in progress, in total and per untrusted address; the oldest gives way. Each costs about 15 kB.
   * An office of a few hundred people fits behind one address.
   */
  httpIdleConnections: 4_000,
  httpIdleConnectionsOfAddress: 1_000,
  /** Unanswered requests per connection. Browsers and proxies send one at a time. */
  httpRequestsAtOnce: 4,
  /** How long a browser caches a preflight. What it may read, each answer states again. */
  corsPreflightSeconds: 600,
  /** Longer User-Agent values are cut, not refused: they are only shown. */
  userAgentCharacters: 512,
  /** A longer Accept-Language is ignored. */
  languageCharacters: 256,
  /** A local port that does not answer within this counts as free; listening decides. */
  takenPortMilliseconds: 1_000,
  /** Unlisted proxies that log and warnings name: a program on this machine must not hide a real proxy. */
  unnamedProxies: 8,
  /** Certificates of clients that were read, about 4 kB each with their text: reading one takes 50 µs. */
  clientCertificatesKnown: 1_000,
} as const;
