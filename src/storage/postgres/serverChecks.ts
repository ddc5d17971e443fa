/** Checks a PostgreSQL server at the start for what connectionPins.ts cannot set; each refusal is one line with the remedy. */
import { systemClock, withDeadline } from '@countersign/verifier/clock';
import { StartupError, UnreachableError } from '@countersign/verifier/errors';
import type { SqlConnection } from './engine.ts';
import { describeFault } from './faults.ts';
import { postgresLimits } from './limits.ts';

/** `xid8` and `pg_current_snapshot()` came with 13. */
const oldestVersion = 13;

type Connect = () => Promise<SqlConnection>;

/**
 * Throws `StartupError` for an unsuitable server, and `UnreachableError` for one that does not answer or refuses the login now.
 */
export async function refuseUnsuitableServer(connect: Connect): Promise<void> {
  const connection = await reachable(connect());
  try {
    await refuseUnsuitable(connection);
    await refuseTransactionPooling(connection, connect);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new UnreachableError(`DATABASE_URL: ${describeFault(error)}`, { cause: error });
  } finally {
    connection.abandon();
  }
}

async function refuseUnsuitable(connection: SqlConnection): Promise<void> {
  const [row] = await connection.query<{ encoding: string; version: number; standby: boolean }>(
    `SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
            current_setting('server_version_num')::int / 10000 AS version`,
  );
  const { encoding = '', version = 0, standby = true } = row ?? {};
  if (version < oldestVersion)
    throw new StartupError(
      `DATABASE_URL: the server is PostgreSQL ${version}; it must be ${oldestVersion} or newer.`,
    );
  if (encoding !== 'UTF8')
    throw new StartupError(
      `DATABASE_URL: the database has the encoding ${encoding}; make one with UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`,
    );
  if (standby)
    throw new UnreachableError(
      'DATABASE_URL: the server is a standby, which can only be read; it must be the primary.',
    );
}

/**
 * A pooler in transaction mode lends a server connection per transaction: settings and prepared statements are then somebody
 * else's. Detected while others hold transactions: another process then serves our connection.
 */
async function refuseTransactionPooling(ours: SqlConnection, connect: Connect): Promise<void> {
  const others: SqlConnection[] = [];
  try {
    // On a busy pooler, one other connection may get a process that was just released.
    for (let times = 0; times < postgresLimits.poolingChecks; times += 1) {
      const other = await reachable(connect());
      others.push(other);
      await refuseOtherBackend(ours, other);
    }
  } finally {
    for (const other of others) other.abandon();
  }
}

async function refuseOtherBackend(ours: SqlConnection, other: SqlConnection): Promise<void> {
  const before = await backendOf(ours);
  await other.execute('BEGIN; SELECT 1');
  const late = () =>
    new UnreachableError(
      `DATABASE_URL: a second connection kept the first one waiting; each needs one of its own (a pooler in session mode, with room for ${postgresLimits.databaseConnections} connections of each node).`,
    );
  const after = await withDeadline(
    systemClock,
    postgresLimits.poolingCheckMilliseconds,
    backendOf(ours),
    late,
  );
  if (after === before) return;
  throw new StartupError(
    'DATABASE_URL: a pooler in transaction mode is in front of the server; set it to session mode (PgBouncer: pool_mode = session), or name the server itself.',
  );
}

async function backendOf(connection: SqlConnection): Promise<number> {
  const [row] = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row?.pid ?? 0;
}

async function reachable(connection: Promise<SqlConnection>): Promise<SqlConnection> {
  try {
    return await connection;
  } catch (cause) {
    throw new UnreachableError(
      `DATABASE_URL: the PostgreSQL server cannot be reached: ${describeFault(cause)}`,
      {
        cause,
      },
    );
  }
}
