/**
 * PostgreSQL, as a server or embedded (PGlite), behind one Prisma client. Owns connections and one-line start-up faults. Does not
 * own tables or queries.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StartupError } from '@countersign/verifier/errors';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { driverUrl, schemaOf } from '../../platform/config/databaseUrl.ts';
import { platformLimits } from '../../platform/limits.ts';
import { withoutOptimising } from '../../platform/webAssembly.ts';
import { propagationLimits } from '../../revocation/propagation/limits.ts';
import { PrismaPGlite, PrismaPg } from './adapters.ts';
import { failStop, guardCommits } from './commitGuard.ts';
import { type PinsOf, pinConnection } from './connectionPins.ts';
import { createDriverStatements, type Statements } from './driverStatements.ts';
import { PrismaClient } from './generated/client.ts';
import { postgresLimits } from './limits.ts';
import { ModestPool } from './pool.ts';
import { statementName } from './prepared.ts';
import { refuseUnsuitableServer } from './serverChecks.ts';

/** One connection for plain SQL: migrations and locks, without Prisma. */
export interface SqlConnection {
  /** Runs one statement with parameters. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs a script of several statements in one round trip; returns the rows of each. */
  execute<Row>(script: string): Promise<Row[][]>;
  close(): Promise<void>;
  /** Closes it at once, whatever it is doing: for a connection that does not answer. */
  abandon(): void;
}

export interface PostgresEngine {
  readonly prisma: PrismaClient;
  /** For prepared statements outside of transactions: the driver's on a server. */
  readonly statements: Statements;
  /** The schema of all tables. */
  readonly schema: string;
  /**
   * Its own connection on a server; the only one when embedded. On a server, each query rejects after `queryMs`, and the server
   * ends a transaction idle for `idleMs`.
   */
  connect(patience?: Patience): Promise<SqlConnection>;
  /** Copies the embedded database, as at one moment, to a new folder; statements wait. Throws `StartupError` for a server. */
  copyTo(target: string): Promise<void>;
  close(): Promise<void>;
}

/** Time limits of a separate connection. */
export interface Patience {
  readonly queryMs?: number;
  readonly idleMs?: number;
}

const transactionOptions = {
  maxWait: propagationLimits.transactionMilliseconds,
  timeout: propagationLimits.transactionMilliseconds,
};

export interface EngineOptions {
  /** Prepares each connection before its first use. Only tests pass another. */
  readonly pin?: typeof pinConnection;
}

/** A server if there is a URL, else the embedded database in the folder. */
export function openEngine(
  dataDir: string,
  databaseUrl: string | undefined,
  { pin = pinConnection }: EngineOptions = {},
): Promise<PostgresEngine> {
  return databaseUrl === undefined ? openEmbedded(dataDir, pin) : openServer(databaseUrl, pin);
}

/** Opens or creates the embedded database in `DATA_DIR/postgres`. Only one process may open it. */
async function openEmbedded(dataDir: string, pin: typeof pinConnection): Promise<PostgresEngine> {
  const folder = join(dataDir, 'postgres');
  const pglite = await openFolder(folder);
  const schema = embeddedSchema;
  // No limits: nothing else is connected, and a statement takes as long as the disk does.
  const pins = { schema, statementMs: 0, idleMs: 0 };
  await pin((sql, parameters) => pglite.query(sql, [...parameters]), pins);
  const prisma = new PrismaClient({
    adapter: new PrismaPGlite(guardCommits(pglite, failStop)),
    transactionOptions,
  });
  return {
    prisma,
    statements: prisma,
    schema,
    async connect() {
      return {
        query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
          (await pglite.query<Row>(sql, [...parameters])).rows,
        execute: async <Row>(script: string) => (await pglite.exec(script)).map(({ rows }) => rows as Row[]),
        close: async () => {},
        abandon: () => {},
      };
    },
    async copyTo(target) {
      // Shortens recovery when the copy is opened.
      await pglite.exec('CHECKPOINT');
      // No statement runs meanwhile, so the files are as after a crash at this moment: every answered commit is in them, and
      // nothing of an open transaction.
      await pglite.runExclusive(() => cp(folder, target, { recursive: true }));
    },
    async close() {
      await prisma.$disconnect();
      await pglite.close();
    },
  };
}

const embeddedSchema = 'public';

/** PGlite writes zeros to its buffers at the start, so all of them take memory. */
const embeddedOptions = {
  startParams: [
    ...PGlite.defaultStartParams,
    ...['-c', `shared_buffers=${postgresLimits.embeddedBufferMegabytes}MB`],
  ],
};

async function openFolder(folder: string): Promise<PGlite> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(join(folder, 'PG_VERSION'))) await createDatabase(folder);
    return await PGlite.create(folder, embeddedOptions);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`DATA_DIR: the embedded database in ${folder} cannot be opened: ${why}`, {
      cause,
    });
  }
}

/** In a thread of its own: initdb takes 600 MB, and only the end of a thread is certain to give them back. */
async function createDatabase(folder: string): Promise<void> {
  const library = JSON.stringify(import.meta.resolve('@electric-sql/pglite'));
  const code = `
    import { workerData } from 'node:worker_threads';
    import { PGlite } from ${library};
    await (await PGlite.create(workerData, ${JSON.stringify(embeddedOptions)})).close();
  `;
  const program = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  await withoutOptimising(() => once(new Worker(program, { workerData: folder }), 'exit'));
}

/** Opens a PostgreSQL server. `url` contains a password and appears in no message. */
async function openServer(url: string, pin: typeof pinConnection): Promise<PostgresEngine> {
  const schema = schemaOf(url);
  if (schema === undefined) throw new StartupError('DATABASE_URL: ?schema= must name one schema.');
  const connect = ({ queryMs, idleMs }: Patience = {}) => {
    const statementMs = queryMs ?? platformLimits.queryMilliseconds;
    const pins = { schema, statementMs, idleMs: idleMs ?? postgresLimits.idleInTransactionMilliseconds };
    return connectServer(url, pins, pin);
  };
  await refuseUnsuitableServer(connect);
  const pool = new ModestPool({
    max: postgresLimits.poolConnections,
    // Keeps one, so that callers can wait for it when the server gives no other.
    min: 1,
    connectionString: driverUrl(url),
    application_name: applicationName,
    connectionTimeoutMillis: platformLimits.queryMilliseconds,
    // The server's own limit does not help when the server is gone.
    query_timeout: platformLimits.queryMilliseconds,
    // The driver waits for it before anybody gets the connection; its types say otherwise.
    onConnect: (client) =>
      pin((sql, parameters) => client.query(sql, [...parameters]), {
        schema,
        statementMs: platformLimits.queryMilliseconds,
        // For a node that is frozen or gone: others wait for its row locks.
        idleMs: postgresLimits.idleInTransactionMilliseconds,
      }) as unknown as undefined,
  });
  const adapter = new PrismaPg(pool, {
    schema,
    statementNameGenerator: statementName,
    disposeExternalPool: true,
  });
  const prisma = new PrismaClient({ adapter, transactionOptions });
  const copyTo = async () => {
    throw new StartupError('DATABASE_URL: the tools of PostgreSQL make its backups.');
  };
  const connectBeside = (patience?: Patience) => pool.makeRoomFor(() => connect(patience));
  const statements = createDriverStatements(pool);
  return { prisma, statements, schema, connect: connectBeside, copyTo, close: () => prisma.$disconnect() };
}

const applicationName = 'countersign';

async function connectServer(url: string, pins: PinsOf, pin: typeof pinConnection): Promise<SqlConnection> {
  const client = new pg.Client({
    connectionString: driverUrl(url),
    application_name: applicationName,
    connectionTimeoutMillis: Math.min(pins.statementMs, platformLimits.queryMilliseconds),
    query_timeout: pins.statementMs,
  });
  // An idle connection that breaks has no caller; the next statement on it reports the fault.
  client.on('error', () => {});
  await client.connect();
  const abandon = () => void client.connection.stream.destroy();
  try {
    await pin((sql, parameters) => client.query(sql, [...parameters]), pins);
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await client.query(sql, [...parameters])).rows as Row[],
    async execute<Row>(script: string) {
      const results: pg.QueryResult[] | pg.QueryResult = await client.query(script);
      return (Array.isArray(results) ? results : [results]).map(({ rows }) => rows as Row[]);
    },
    close: () => client.end(),
    abandon,
  };
}
