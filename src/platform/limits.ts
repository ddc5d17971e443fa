/**
 * Every limit of the authority, in one place: the unit is in the name, the reason beside it. What an operator may change is in
 * `config/`; what is here is part of the design. Groups that are large have a file of their own beside this one.
 */
import { limits as verifierLimits } from '@countersign/verifier/limits';
import { auditLimits } from '../audit/limits.ts';
import { revokeLimits } from '../revocation/limits.ts';
import { edgeLimits } from '../revocation/subscribers/limits.ts';
import { redisLimits } from '../storage/redis/limits.ts';
import { grpcLimits } from '../transport/grpc/limits.ts';
import { truthLimits } from '../truth/limits.ts';
import { guessingLimits } from './rateBudgets.ts';

export const limits = {
  ...verifierLimits,

  ...guessingLimits,

  ...revokeLimits,

  // HTTP
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
  /** Other origins that may call from a browser: each is a deployment that somebody looks after. */
  corsOrigins: 20,
  /** For how long a browser remembers what another origin may send. What it may read, each answer says anew. */
  corsPreflightSeconds: 600,
  /** Sessions on one page, unless the caller asks for fewer. */
  sessionsPageDefault: 50,
  sessionsPageMaximum: 100,

  ...grpcLimits,

  // Who logs in
  /** RFC 5321 §4.5.3.1: 254 octets for a path, 64 for the local part. */
  emailBytes: 254,
  emailLocalPartBytes: 64,
  /** NIST SP 800-63B-4 §3.1.1.2: at least 15 characters where the password is the only factor. */
  passwordMinimumCharacters: 15,
  passwordMaximumBytes: 1024,
  /** Argon2id as OWASP recommends for 19 MiB. Changing these rehashes at the next login. */
  argon2MemoryKibibytes: 19_456,
  argon2Passes: 2,
  argon2Lanes: 1,
  /** Hashes at once: each keeps a core and 19 MiB busy for tens of milliseconds. */
  passwordHashesAtOnce: 2,
  /**
   * Hashes waiting for their turn, of strangers and of known places each: some three seconds of two cores. Above this the answer is
   * 503. Who waits in turn costs nothing meanwhile; who is refused comes again at once.
   */
  passwordHashesWaiting: 256,
  deviceNameCharacters: 100,
  /** Longer User-Agent values are cut, not refused: they are shown, never interpreted. */
  userAgentCharacters: 512,
  /** Of a program's name in lists. */
  programNameCharacters: 40,
  serviceNameCharacters: 64,
  /** As the settings allow; see platform/config/kinds.ts. */
  audienceCharacters: 255,
  /** The name of a user of the machine, as useradd allows it. */
  operatorNameCharacters: 32,

  // Tokens
  /** The name of a token of an earlier system; common ones are UUIDs. */
  externalIdBytes: 512,
  /** Repeats of one refresh inside the grace window; a lost response or a second tab needs one or two. */
  refreshGraceRepeats: 5,
  /** Refused refreshes of one dead session that are written down in an hour: sending a dead token again is no way to fill a table. */
  refusalsRecorded: 5,
  refusalsRecordedMilliseconds: 60 * 60_000,
  /** Sessions whose refused refreshes a node counts. */
  refusalsRemembered: 10_000,
  /** A refresh this soon after the one before is quick, and so many quick ones in a row are noted: usual ones are minutes apart. */
  quickRefreshMilliseconds: 5_000,
  quickRefreshes: 5,
  /** Who is back this soon in a network that he had left was in two networks at once. */
  twoNetworksMilliseconds: 10 * 60_000,
  /** What a client calls its device; a UUID has 36 characters. */
  deviceIdCharacters: 128,
  /** A refresh that lost a race reads the row again; each loss means that another one advanced. */
  refreshAttempts: 12,

  // Keys
  /** How old a node's view of the ring may be when it signs or publishes; rotations every few seconds leave less. */
  keyRingAgeMilliseconds: 10_000,
  /** How often a node looks at the ring. */
  keyRingRefreshMilliseconds: 1_000,
  /** A sign-in that finds the ring too old waits this long for a look at it. */
  keyRingReloadMilliseconds: 2_000,
  /** The longest `stale-while-revalidate`: a cache may answer at once while it asks, yet not for long with a revoked key. */
  jwksStaleSeconds: 60,
  /** Keys that are listed, the newest; a busy year with hourly rotations fits. */
  listedKeys: 10_000,
  /** Sessions that one transaction looks at when it ends those of a key, or seals secrets again: about a second's work. */
  sessionsPageRows: 1_000,

  // Revocation
  /** Revocations read in one statement when the deny-list is loaded. */
  revocationsPageRows: 10_000,
  /** One query of a load: counting, or the first page, of tens of millions of rows on slow disks. */
  loadQueryMilliseconds: 120_000,
  /** A load that takes longer says how far it has come this often. */
  loadProgressMilliseconds: 2_000,
  /** Expired rows that one statement deletes. */
  pruneRows: 5_000,
  pruneIntervalMilliseconds: 60_000,

  // Many nodes
  /** The longest LEASE that can be set. */
  leaseMaximumMilliseconds: 60_000,
  /** How often a node renews its lease: the shortest lease, 1 s, survives a renewal that fails. */
  renewalMilliseconds: 500,
  /** So many renewals in a row have failed when readiness says so: one may have met a busy moment. */
  renewalFailures: 2,
  /** A query of a renewal may take half a lease, and with a short lease this: a busy machine is no broken one. */
  renewalQueryMilliseconds: 2_000,
  /** A look at the nodes that takes longer is given up; the next one begins on a new connection. */
  listingMilliseconds: 1_000,
  /** By how much longer others wait for a lease: clocks that run at rates 1/1000 apart differ by 60 ms in the longest. */
  leaseMarginMilliseconds: 100,
  /** Of the second that an acknowledgement may take beside a lease: the rest is for the request around it. */
  effectBesidesLeaseMilliseconds: 800,
  /** The row of a node whose lease ran out is removed after this; until then an operator can see it. */
  deadNodeMilliseconds: 60_000,
  /** Logouts that share a transaction when there are many: few of them at once, and those that wait are one soon. */
  logouts: { atOnce: 2, items: 100, waiting: 1_000 },
  /** Revocations in one message of the bus, about 50 kB; more are read from the database at once. */
  announcedRevocations: 500,
  /** Faults of one part of the deny-list are logged no more often; the metrics count them all. */
  faultLogMilliseconds: 10_000,
  /** While a node is waited for, how often its report is looked for in the database. */
  lookAgainMilliseconds: 100,
  /** How often the shared copy is compared with the truth, by whichever node comes first. */
  reconcileMilliseconds: 1_000,
  /** How often a node looks whether its memory should be saved for others. */
  savedMemoryLookMilliseconds: 1_000,
  /**
   * Memory that has changed is saved again after this: ten million revocations are 25 MB, and what a node that starts has to
   * read beside them is what a minute brings. A node saves no more often, whatever becomes of what it saved.
   */
  savedMemoryMilliseconds: 60_000,
  /** One that has not changed is saved again after this, so that it never becomes too old to be used. */
  savedMemoryKeptMilliseconds: 10 * 60_000,
  /** Saved memory that is older is not loaded: nodes save it six times in that time. */
  savedMemoryUsableMilliseconds: 60 * 60_000,
  /** After a comparison that failed, so that an outage of Redis is no load on the database. */
  reconcileRetryMilliseconds: 5_000,

  ...truthLimits,

  ...edgeLimits,

  // Service tokens
  /** For how long a service token, once looked up, is believed: a revoked one stops within this. */
  serviceTokenCacheMilliseconds: 2_000,
  /** For how long it is believed while the database does not answer: as long as checks may go on from memory. */
  serviceTokenStaleMilliseconds: 10_000,
  /** Then, how often the database is tried. */
  serviceTokenRetryMilliseconds: 500,
  /** Looked-up service tokens kept, and as many unknown ones: guessing must not become database load. */
  serviceTokenCacheEntries: 1_000,
  /** How coarsely it is written down when a token was used last: one write an hour of each node is none. */
  serviceTokenUseMilliseconds: 60 * 60_000,
  /** For how long the old token stays good after a rotation, unless the operator says otherwise; and what he may say. */
  serviceTokenKeptMilliseconds: 24 * 60 * 60_000,
  serviceTokenKeptMaximumMilliseconds: 30 * 24 * 60 * 60_000,
  /** The longest expiry that can be set; without one, a token never expires. */
  serviceTokenLifeMaximumMilliseconds: 10 * 365 * 24 * 60 * 60_000,
  /** Tokens that are looked up at once, but for those of services that were known a moment ago. */
  serviceLookupsAtOnce: 100,

  ...auditLimits,

  ...redisLimits,

  // Process
  /** A signal this soon after the first is the same stop: it came through the process group and through npm. */
  sameStopMilliseconds: 1_000,
  /** A port on this machine that is not answered within this is taken for free; listening will tell. */
  takenPortMilliseconds: 1_000,
  /** A start that did not reach its database or Redis is tried again after this. */
  startRetrySeconds: 5,
  /** A readiness check of one part gives up after this. */
  readinessMilliseconds: 2_000,
  /** For how long what the database said then is good for whoever asks: anybody may, as often as he likes. */
  readinessKeptMilliseconds: 250,
  /** Closing the connections to a database server; with what comes before, it fits into the time for a stop. */
  closeMilliseconds: 2_500,
  /** When all calls have been answered, streams that are left get this much time to end. */
  grpcLastStreamsMilliseconds: 500,
  /** The doors of a stop go on taking connections for at least this: who has sent a request must not be on the way to a closed door. */
  lastConnectionsMilliseconds: 100,
  /** They are closed after a turn of the process that was shorter than this, or after so many that were not. */
  quietTurnMilliseconds: 0.5,
  lastTurns: 500,
  /** Then idle connections are closed, after this: a request may be on its way on them. */
  lastRequestsMilliseconds: 200,
  /** From the first signal to the end of the process; DRAIN_DELAY comes on top. */
  stopMilliseconds: 10_000,
  /** The longest DRAIN_DELAY: proxies look every few seconds. */
  longestDelayMilliseconds: 5 * 60_000,
  /** Of which calls in flight get at most this to finish. */
  drainMilliseconds: 7_000,
  /** A query, or making a connection: whoever waits is told 503 after this. */
  queryMilliseconds: 5_000,
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
  /** A transaction that waits or runs longer is rolled back. */
  transactionMilliseconds: 10_000,
  /** Transactions under way or waiting for a connection; above this the answer is 503, before callers give up. */
  transactionsAtOnce: 128,
  /** A file that holds a secret: the largest is a DATABASE_URL. */
  secretFileBytes: 64 * 1024,
  /** A line of the control socket: a command with its arguments and a password. */
  controlLineBytes: 64 * 1024,
  /** Which has come within this: whoever connects sends it at once. */
  controlLineMilliseconds: 5_000,
  /** Commands at once: people and scripts; one that revokes many sessions takes minutes. */
  controlCommands: 32,
  /** A start that has not taken over its folder within this was killed on the way; it takes milliseconds. */
  controlLockMilliseconds: 10_000,
} as const;
