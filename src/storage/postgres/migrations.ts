/**
 * Applies the `migration.sql` files in `prisma/migrations` and maintains Prisma's `_prisma_migrations` table: `prisma migrate
 * deploy` also works, and a production image needs no Prisma command line. One migration is one transaction; an advisory lock
 * orders nodes that start together.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { StartupError } from '@countersign/verifier/errors';
import { quotedName } from './connectionPins.ts';
import type { SqlConnection } from './engine.ts';
import { sqlStateOf } from './faults.ts';

/** The lock number of Prisma's own `migrate`. */
const advisoryLock = 72_707_369;

export const migrationsFolder = new URL('../../../prisma/migrations/', import.meta.url);

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly checksum: string;
}

interface AppliedMigration {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

const bookkeeping = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                  VARCHAR(36) NOT NULL PRIMARY KEY,
    "checksum"            VARCHAR(64) NOT NULL,
    "finished_at"         TIMESTAMPTZ,
    "migration_name"      VARCHAR(255) NOT NULL,
    "logs"                TEXT,
    "rolled_back_at"      TIMESTAMPTZ,
    "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Migrates the database to this code's version; returns the applied names. Only reads an up-to-date database, so a role without
 * DDL rights can serve it. Throws `StartupError` when the database is newer than the code, has a changed or unfinished migration,
 * or lacks one that this role may not apply.
 */
export async function migrate(
  connection: SqlConnection,
  schema: string,
  folder: URL = migrationsFolder,
): Promise<readonly string[]> {
  const known = await readMigrations(folder);
  await connection.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
  try {
    const applied = await readApplied(connection, schema);
    refuseUnknown(applied, known);
    const pending = known.filter(({ name }) => !applied.some((row) => row.migration_name === name));
    if (pending.length > 0) await applyAll(connection, schema, pending);
    return pending.map(({ name }) => name);
  } finally {
    await connection.query('SELECT pg_advisory_unlock($1)', [advisoryLock]);
  }
}

/** Whether any migration was ever applied. */
export async function isBegun(connection: SqlConnection, schema: string): Promise<boolean> {
  return (await readApplied(connection, schema)).length > 0;
}

async function applyAll(
  connection: SqlConnection,
  schema: string,
  pending: readonly Migration[],
): Promise<void> {
  try {
    // Checked first: CREATE needs the right even for an existing schema.
    const [found] = await connection.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
    if (found === undefined) await connection.execute(`CREATE SCHEMA ${quotedName(schema)}`);
    await connection.execute(bookkeeping);
    for (const migration of pending) await apply(connection, migration);
  } catch (cause) {
    if (sqlStateOf(cause) !== '42501') throw cause;
    throw new StartupError(
      `DATABASE_URL: the database lacks ${pending.length} migration(s), from ${pending[0]?.name} on, which this role may not apply: ${(cause as Error).message}. Run \`countersign migrate\` as the role that owns the tables (docs/database.md).`,
      { cause },
    );
  }
}

async function readMigrations(folder: URL): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Empty without the table. */
async function readApplied(connection: SqlConnection, schema: string): Promise<AppliedMigration[]> {
  const [table] = await connection.query('SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = $2', [
    schema,
    '_prisma_migrations',
  ]);
  if (table === undefined) return [];
  return connection.query<AppliedMigration>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
}

function refuseUnknown(applied: readonly AppliedMigration[], known: readonly Migration[]): void {
  for (const row of applied) {
    const migration = known.find(({ name }) => name === row.migration_name);
    if (migration === undefined) {
      throw new StartupError(
        `The database is newer than this code: it has the migration ${row.migration_name}. Start the newer version.`,
      );
    }
    if (!row.finished) {
      throw new StartupError(
        `The migration ${row.migration_name} was begun by another tool and never finished.`,
      );
    }
    if (migration.checksum !== row.checksum) {
      throw new StartupError(
        `The migration ${row.migration_name} is not the one that this database was made with.`,
      );
    }
  }
}

async function apply(connection: SqlConnection, migration: Migration): Promise<void> {
  await connection.execute('BEGIN');
  try {
    await connection.execute(migration.sql);
    await connection.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await connection.execute('COMMIT');
  } catch (error) {
    await connection.execute('ROLLBACK');
    throw error;
  }
}
