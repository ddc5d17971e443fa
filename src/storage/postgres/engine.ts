/**
 * PostgreSQL, as a server or embedded in this process (PGlite): two ways to the same Prisma client.
 * Owns connections and the start-up faults that an operator must see in one line. Does not own tables or queries.
 */
import { access, cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { StartupError, UnreachableError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { failStop, guardCommits } from './commitGuard.ts';
import { PrismaClient } from './generated/client.ts';
import { statementName } from './prepared.ts';

/** One connection that runs SQL as it is written: for migrations and locks, where Prisma has no say. */
export interface SqlConnection {
  /** Runs one statement with parameters. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs a script of many statements in one round trip; answers the rows of each. */
  execute<Row>(script: string): Promise<Row[][]>;
  close(): Promise<void>;
  /** Cuts it at once, whatever it is doing: for one that does not answer. */
  abandon(): void;
}

export interface PostgresEngine {
  readonly prisma: PrismaClient;
  /**
   * A connection of its own on a server; the only one there is when embedded. On a server, each query rejects after
   * `queryMs`, and a transaction in which nothing happens for `idleMs` is ended by the server.
   */
  connect(patience?: Patience): Promise<SqlConnection>;
  /**
   * Copies the embedded database, as it is at one moment, to a folder that is not there yet; statements wait meanwhile. Throws
   * `StartupError` for a server.
   */
  copyTo(target: string): Promise<void>;
  close(): Promise<void>;
}

/** For how long a connection of its own waits, and is waited for. */
export interface Patience {
  readonly queryMs?: number;
  readonly idleMs?: number;
}

const transactionOptions = {
  maxWait: limits.transactionMilliseconds,
  timeout: limits.transactionMilliseconds,
};

/** A server where there is a URL, else the embedded database in the folder. */
export function openEngine(dataDir: string, databaseUrl: string | undefined): Promise<PostgresEngine> {
  return databaseUrl === undefined ? openEmbedded(dataDir) : openServer(databaseUrl);
}

/** Opens, or makes, the embedded database in `DATA_DIR/postgres`. Only one process may have it open. */
async function openEmbedded(dataDir: string): Promise<PostgresEngine> {
  const folder = join(dataDir, 'postgres');
  const pglite = await openFolder(folder);
  const prisma = new PrismaClient({
    adapter: new PrismaPGlite(guardCommits(pglite, failStop)),
    transactionOptions,
  });
  return {
    prisma,
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
      // Less to do for whoever opens the copy.
      await pglite.exec('CHECKPOINT');
      // No statement runs meanwhile, so the files are what they would be after a crash in this moment: every commit that was
      // answered is in them, and of a transaction that is open, nothing.
      await pglite.runExclusive(() => cp(folder, target, { recursive: true }));
    },
    async close() {
      await prisma.$disconnect();
      await pglite.close();
    },
  };
}

export function hasEmbeddedDatabase(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'postgres/PG_VERSION')).then(
    () => true,
    () => false,
  );
}

async function openFolder(folder: string): Promise<PGlite> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await PGlite.create(folder);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`DATA_DIR: the embedded database in ${folder} cannot be opened: ${why}`, {
      cause,
    });
  }
}

/** Opens a PostgreSQL server. `url` holds a password and appears in no message. */
async function openServer(url: string): Promise<PostgresEngine> {
  const connect = async ({ queryMs, idleMs }: Patience = {}): Promise<SqlConnection> => {
    const timeoutMs = queryMs ?? limits.queryMilliseconds;
    const client = new pg.Client({
      connectionString: url,
      application_name: 'countersign',
      connectionTimeoutMillis: Math.min(timeoutMs, limits.queryMilliseconds),
      query_timeout: timeoutMs,
      idle_in_transaction_session_timeout: idleMs ?? limits.idleInTransactionMilliseconds,
    });
    // A connection that breaks while idle has no caller to tell; the next statement on it fails and does.
    client.on('error', () => {});
    await client.connect();
    return {
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await client.query(sql, [...parameters])).rows as Row[],
      async execute<Row>(script: string) {
        const results: pg.QueryResult[] | pg.QueryResult = await client.query(script);
        return (Array.isArray(results) ? results : [results]).map(({ rows }) => rows as Row[]);
      },
      close: () => client.end(),
      abandon: () => void client.connection.stream.destroy(),
    };
  };
  const connection = await reachable(connect());
  await refuseLossyCommits(connection).finally(connection.close);
  const connections = {
    connectionString: url,
    application_name: 'countersign',
    connectionTimeoutMillis: limits.queryMilliseconds,
    statement_timeout: limits.queryMilliseconds,
    // The server's own limit does not help when the server is not there any more.
    query_timeout: limits.queryMilliseconds,
    // Nor does ours when this node is frozen, or gone: the rows that it has locked are waited for by others.
    idle_in_transaction_session_timeout: limits.idleInTransactionMilliseconds,
  };
  const adapter = new PrismaPg(connections, { statementNameGenerator: statementName });
  const prisma = new PrismaClient({ adapter, transactionOptions });
  const copyTo = async () => {
    throw new StartupError('DATABASE_URL: the tools of PostgreSQL make its backups.');
  };
  return { prisma, connect, copyTo, close: () => prisma.$disconnect() };
}

/** A logout that was answered must survive a crash of the server. */
async function refuseLossyCommits(connection: SqlConnection): Promise<void> {
  const [row] = await connection.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
  if (row?.synchronous_commit !== 'off') return;
  throw new StartupError(
    'DATABASE_URL: synchronous_commit is off: a crash of the server would lose logouts that were answered; set it to on.',
  );
}

async function reachable(connection: Promise<SqlConnection>): Promise<SqlConnection> {
  try {
    return await connection;
  } catch (cause) {
    const why =
      cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
    throw new UnreachableError(`DATABASE_URL: the PostgreSQL server cannot be reached: ${why}`, { cause });
  }
}
