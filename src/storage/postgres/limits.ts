/** Limits of the database: connections, and how long a query may take. The unit is in the name, the reason beside it. */
export const postgresLimits = {
  /** One query of a load: counting, or the first page, of tens of millions of rows on slow disks. */
  loadQueryMilliseconds: 120_000,
  /** A query of a renewal may take half a lease, and with a short lease this: a busy machine is no broken one. */
  renewalQueryMilliseconds: 2_000,
  /** A look at the nodes that takes longer is given up; the next one begins on a new connection. */
  listingMilliseconds: 1_000,
  /** Closing the connections to a database server; with what comes before, it fits into the time for a stop. */
  closeMilliseconds: 2_500,
  /** What each node may open to a server: ten in a pool, four of its own. */
  databaseConnections: 14,
  /** Connections in the pool of a node: more would wait for the server's processors all the same. */
  poolConnections: 10,
  /** For how long a pool that got fewer makes do with those, before it asks for more again. */
  fewConnectionsMilliseconds: 30_000,
  /** Connections that hold a transaction while the first one asks which process serves it: with it, the least that a node can do with. */
  poolingChecks: 4,
  /** A server answers which process serves us at once; a pooler with one connection, not while another client has it. */
  poolingCheckMilliseconds: 2_000,
  /** A migration may rewrite a table, or wait for another node that does. */
  migrationMilliseconds: 15 * 60_000,
  /** A node that stands still in the middle of a transaction keeps rows locked for this long. It never waits in one. */
  idleInTransactionMilliseconds: 2_000,
  /** While the copy in Redis is written, its transaction waits for Redis, page by page. */
  slowIdleMilliseconds: 30_000,
  /** Transactions under way or waiting for a connection; above this the answer is 503, before callers give up. */
  transactionsAtOnce: 128,
} as const;
