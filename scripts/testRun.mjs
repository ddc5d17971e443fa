/** What tests with real processes need: a folder for all that they leave behind, and an end to all that they started. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPostgres } from '../test/support/postgres.ts';
import { generateDatabaseClient } from './generate.mjs';
import { compile } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';

/**
 * Tests find it through the environment (test/support/testRun.ts). `signal` is aborted when the run is interrupted;
 * `close` ends what still runs, and removes everything.
 */
export async function openTestRun() {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupted.abort(new Error(name)));
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  // PostgreSQL runs as another user, who must get through to its own folder.
  await chmod(folder, 0o711);
  const processes = join(folder, 'processes');
  await mkdir(processes);
  Object.assign(process.env, { TMPDIR: folder, TEST_PROCESSES: processes });
  return {
    folder,
    signal: interrupted.signal,
    async close() {
      for (const pid of await readdir(processes)) {
        console.log(`not stopped by its test: ${await readFile(join(processes, pid), 'utf8')}`);
        kill(Number(pid));
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Answers where the programs of PostgreSQL are. */
export async function sharePostgresPrograms({ folder }) {
  const home = await installPostgres(folder);
  process.env['TEST_POSTGRES_HOME'] = home;
  return home;
}

/** Does work that no test does, with everything that tests have. Rejects when it fails or is interrupted. */
export async function inTestRun(work) {
  const testRun = await openTestRun();
  const { signal } = testRun;
  const interruption = new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`Interrupted by ${signal.reason.message}`)));
  });
  const prepareAndWork = async () => {
    ensurePrerequisites();
    await generateDatabaseClient({ signal });
    await compile({ signal });
    await sharePostgresPrograms(testRun);
    await work();
  };
  try {
    await Promise.race([prepareAndWork(), interruption]);
  } finally {
    await testRun.close();
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}
