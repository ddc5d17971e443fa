/** All stores over one engine: migrated, with translated faults. */
import { AuthorityError, StartupError } from '@countersign/verifier/errors';
import type { Database } from '../../database.ts';
import type { PostgresEngine } from './engine.ts';
import { translateFault } from './faults.ts';
import { postgresLimits } from './limits.ts';
import { isBegun, migrate } from './migrations.ts';
import { createDatabase } from './transactions.ts';

export interface Storage {
  readonly database: Database;
  /** A UUID, created with the database. */
  deploymentId(): Promise<string>;
  /** Rejects with `unavailable` when the database does not answer or is read-only. */
  ping(): Promise<void>;
}

/**
 * Migrates the database to this code's version; returns the applied migrations. With `mustBeBegun`, throws `StartupError` when
 * there are no tables.
 */
export async function migrateStorage(
  engine: PostgresEngine,
  { mustBeBegun = false } = {},
): Promise<readonly string[]> {
  const connection = await engine.connect({ queryMs: postgresLimits.migrationMilliseconds });
  try {
    if (mustBeBegun && !(await isBegun(connection, engine.schema)))
      throw new StartupError(
        `There is no authority in the database, schema ${engine.schema}; is it the right one?`,
      );
    return await migrate(connection, engine.schema);
  } finally {
    await connection.close();
  }
}

/** The stores of a migrated database. */
export function createStorage({ prisma, statements }: PostgresEngine): Storage {
  const translate = (error: unknown) => {
    throw translateFault(error);
  };
  return {
    database: createDatabase(prisma, statements),
    deploymentId: async () => (await prisma.deployment.findFirstOrThrow().catch(translate)).id,
    async ping() {
      const [row] = await prisma.$queryRaw<{ readOnly: boolean }[]>`
        SELECT current_setting('transaction_read_only')::boolean AS "readOnly"`.catch(translate);
      if (row?.readOnly !== false)
        throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'database_read_only' });
    },
  };
}
