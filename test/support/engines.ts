/** Both ways to PostgreSQL, for tests that must hold over each. */
import { rm } from 'node:fs/promises';
import type { Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage, migrateStorage, type Storage } from '../../src/storage/postgres/storage.ts';
import { copyOfEmbeddedDatabase } from './pglite.ts';
import { createMigratedDatabase, createTestDatabase } from './postgres.ts';

export interface TestEngine {
  readonly engine: PostgresEngine;
  /** Closes it and removes its database. */
  dispose(): Promise<void>;
}

/** Each opens a database without rows: migrated, unless `empty`. */
export const engines: readonly {
  readonly name: string;
  readonly embedded: boolean;
  open(how?: { readonly empty: boolean }): Promise<TestEngine>;
}[] = [
  {
    name: 'PGlite in a folder',
    embedded: true,
    async open(how) {
      const dataDir = await copyOfEmbeddedDatabase(how);
      const engine = await openEngine(dataDir, undefined);
      return {
        engine,
        async dispose() {
          await engine.close();
          await rm(dataDir, { recursive: true, force: true });
        },
      };
    },
  },
  {
    name: 'a PostgreSQL server',
    embedded: false,
    async open({ empty } = { empty: false }) {
      const database = await (empty ? createTestDatabase() : createMigratedDatabase());
      const engine = await openEngine('', database.url);
      return {
        engine,
        async dispose() {
          await engine.close();
          await database.drop();
        },
      };
    },
  },
];

/** Its tables exist, and it goes with the test. */
export async function openStorage(
  t: Test,
  open: () => Promise<TestEngine>,
): Promise<{ readonly engine: PostgresEngine; readonly storage: Storage }> {
  const { engine, dispose } = await open();
  t.teardown(dispose);
  await migrateStorage(engine);
  return { engine, storage: createStorage(engine) };
}
