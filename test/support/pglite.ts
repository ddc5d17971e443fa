/** The embedded database in tests. Making one takes seconds, a copy of one that was just made does not. */
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { migrateStorage } from '../../src/storage/postgres/storage.ts';
import { ofTestRun } from './testRun.ts';

/** A DATA_DIR with an embedded database, migrated unless `empty`, and otherwise as new. The caller removes it. */
export async function copyOfEmbeddedDatabase({ empty = false } = {}): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'data-'));
  cpSync(join(ofTestRun('TEST_PGLITE_TEMPLATES'), empty ? 'empty' : 'migrated'), dataDir, {
    recursive: true,
  });
  return dataDir;
}

/** Makes the folders that the others are copies of. */
export async function makeEmbeddedTemplates(folder: string): Promise<void> {
  const [empty, migrated] = [join(folder, 'empty'), join(folder, 'migrated')];
  await mkdir(empty, { recursive: true });
  await (await openEngine(empty, undefined)).close();
  cpSync(empty, migrated, { recursive: true });
  const engine = await openEngine(migrated, undefined);
  await migrateStorage(engine);
  await engine.close();
}
