/** Limits of the database: connections and query times. The unit is in the name, the reason beside it. */
export const postgresLimits = {
  /** Of the embedded database; PostgreSQL's default, 128, is for servers. */
  embeddedBufferMegabytes: 16,
  /** One query of a load: counting, or the first page, of tens of millions of rows on slow disks. */
  loadQueryMilliseconds: 120_000,
  /** A renewal's query may take half a lease, but at least this: a busy machine is not broken. */
  renewalQueryMilliseconds: 2_000,
  /** A slower query of the nodes is given up; the next one uses a new connection. */
  listingMilliseconds: 1_000,
  /** Time to close a server's connections; together with earlier steps it fits into the stop's time. */
  closeMilliseconds: 2_500,
  /** A node's connections to a server: ten in a pool, four separate. */
  databaseConnections: 14,
  /** A node's pool: more connections would wait for the server's processors anyway. */
  poolConnections: 10,
  /** How long a pool that got fewer connections waits before it asks for more. */
  fewConnectionsMilliseconds: 30_000,
  /**
   * Connections that hold a transaction while the first asks which process serves it; with it, the fewest a node can work with.
   */
  poolingChecks: 4,
  /** A server answers this at once; a pooler with a single connection does not while another client holds it. */
  poolingCheckMilliseconds: 2_000,
  /** A migration may rewrite a table, or wait for another node's. */
  migrationMilliseconds: 15 * 60_000,
  /** Sessions that one statement looks at when few of them are selected: some 20 ms, and 100 ms embedded. */
  scannedSessions: 20_000,
  /** Nodes that an operator sees: more than one deployment has. */
  reportedNodes: 100,
  /** A frozen node holds row locks for this long. A node never waits inside a transaction. */
  idleInTransactionMilliseconds: 2_000,
  /** While the Redis copy is written, its transaction waits for Redis at each page. */
  slowIdleMilliseconds: 30_000,
  /** Transactions running or waiting for a connection; beyond them the answer is 503, before callers give up. */
  transactionsAtOnce: 128,
} as const;
