/** The embedded database in tests. Making one takes seconds, a copy of one that was just made does not. */
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { ofTestRun } from './testRun.ts';

/** A DATA_DIR with an embedded database that nothing has been done to. The caller removes it. */
export async function copyOfEmbeddedDatabase(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'data-'));
  cpSync(ofTestRun('TEST_PGLITE_TEMPLATE'), dataDir, { recursive: true });
  return dataDir;
}

/** Makes the DATA_DIR that the others are copies of. */
export async function makeEmbeddedTemplate(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const database = await PGlite.create(join(dataDir, 'postgres'));
  await database.close();
}
