/**
 * One authority on one database: a PostgreSQL advisory lock, held by a connection for as long as the process runs.
 * Revocations take effect in the memory of this process; a second one that served from the same database would not
 * learn of them in time. When the connection breaks the lock is gone, and so is the right to answer from memory.
 */
import { type Clock, withDeadline } from '../../core/clock.ts';
import { StartupError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import type { PostgresEngine, SqlConnection } from './engine.ts';

/** Any constant that no other user of the database takes; the bytes of "csig". */
const advisoryLock = 0x63736967;
const checkIntervalMilliseconds = 1_000;

export interface Ownership {
  /** Gives the lock back. */
  close(): Promise<void>;
}

/**
 * Throws `StartupError` when another authority holds the lock. Later, `onLost` is called at once when a check finds the
 * connection broken, and `onRegained` when the lock is held again.
 */
export async function ownDatabase(parts: {
  engine: PostgresEngine;
  clock: Clock;
  onLost: () => void;
  onRegained: () => Promise<void>;
}): Promise<Ownership> {
  const { engine, clock, onLost, onRegained } = parts;
  let connection: SqlConnection | undefined = await lock(engine, clock);
  if (connection === undefined) {
    throw new StartupError(
      'DATABASE_URL: another authority is running on this database; this version serves from one process at a time.',
    );
  }

  const check = async () => {
    if (connection !== undefined) {
      if (await answers(connection, clock)) return;
      onLost();
      release(connection);
      connection = undefined;
    }
    const regained = await lock(engine, clock).catch(() => undefined);
    if (regained === undefined) return;
    try {
      await onRegained();
      connection = regained;
    } catch {
      // The database went away again; the next check starts over.
      release(regained);
    }
  };
  const cancel = clock.every(checkIntervalMilliseconds, check);

  return {
    async close() {
      cancel();
      await connection?.close();
    },
  };
}

/** A connection that only hangs is as good as broken: whoever holds its other end may have given the lock away. */
function answers(connection: SqlConnection, clock: Clock): Promise<boolean> {
  return withDeadline(clock, limits.readinessMilliseconds, connection.query('SELECT 1'), noAnswer).then(
    () => true,
    () => false,
  );
}

/** Without waiting: what is broken may never confirm its end. */
function release(connection: SqlConnection): void {
  void connection.close().catch(() => {});
}

async function lock(engine: PostgresEngine, clock: Clock): Promise<SqlConnection | undefined> {
  const connection = await engine.connect();
  let held = false;
  try {
    const sql = 'SELECT pg_try_advisory_lock($1) AS held';
    const query = connection.query<{ held: boolean }>(sql, [advisoryLock]);
    const [row] = await withDeadline(clock, limits.readinessMilliseconds, query, noAnswer);
    held = row?.held === true;
    return held ? connection : undefined;
  } finally {
    if (!held) release(connection);
  }
}

function noAnswer(): Error {
  return new Error('the database does not answer');
}
