/** What tests with real processes need: a folder for all that they leave behind, and an end to all that they started. */
import { access, chmod, constants, mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTests } from './compileTests.mjs';
import { generateDatabaseClient } from './generate.mjs';
import { compile } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';

/** Several times what has been seen in use at once. */
const memoryBytes = 8 * 2 ** 30;

/**
 * Tests find it through the environment (test/support/testRun.ts). `signal` is aborted when the run is interrupted;
 * `close` ends what still runs, and removes everything.
 */
export async function openTestRun() {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupted.abort(new Error(name)));
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  const data = await mkdtemp(join(await fastFolder(), 'countersign-'));
  // PostgreSQL runs as another user, who must get through to its own folder.
  for (const each of [folder, data]) await chmod(each, 0o711);
  const processes = join(folder, 'processes');
  await mkdir(processes);
  Object.assign(process.env, { TMPDIR: data, TEST_PROCESSES: processes });
  return {
    folder,
    signal: interrupted.signal,
    async close() {
      for (const pid of await readdir(processes)) {
        console.log(`not stopped by its test: ${await readFile(join(processes, pid), 'utf8')}`);
        kill(Number(pid));
      }
      for (const each of [folder, data]) await rm(each, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** What the tests start servers with; it must have been compiled. */
export async function testSupport() {
  const { installPostgres, startPostgres } = await import('../.build/test/support/postgres.js');
  const { makeEmbeddedTemplate } = await import('../.build/test/support/pglite.js');
  return { installPostgres, startPostgres, makeEmbeddedTemplate };
}

/** Databases by the hundred are made and thrown away: in memory where there is room for them, else on the disk. */
async function fastFolder() {
  const memory = '/dev/shm';
  try {
    await access(memory, constants.W_OK);
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize > memoryBytes ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Answers where the programs of PostgreSQL are. */
export async function sharePostgresPrograms({ folder }) {
  const { installPostgres } = await testSupport();
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
    await compileTests({ signal });
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
