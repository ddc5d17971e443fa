/** For tests with real processes: a folder for everything they leave behind, and the end of everything they start. */
import { access, chmod, constants, mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTests } from './compileTests.mjs';
import { generate } from './generate.mjs';
import { compile } from './prepare.mjs';
import { ensurePrerequisites } from './prerequisites.mjs';

/** Several times the highest use seen. */
const memoryBytes = 8 * 2 ** 30;

/**
 * Tests find it through the environment (test/support/testRun.ts). `signal` aborts when the run is interrupted; `close`
 * ends remaining processes and removes the folder.
 */
export async function openTestRun() {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupted.abort(new Error(name)));
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  const data = await mkdtemp(join(await fastFolder(), 'countersign-'));
  // PostgreSQL runs as another user, which must reach its own folder.
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

/** Starts servers for tests; must be compiled first. */
export async function testSupport() {
  const [postgres, pglite] = await Promise.all([
    import('../.build/test/support/postgres.js'),
    import('../.build/test/support/pglite.js'),
  ]);
  return { ...postgres, ...pglite };
}

/** Tests create and drop hundreds of databases: in memory if it is large enough, else on disk. */
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

/** Returns the folder of PostgreSQL's programs. */
export async function sharePostgresPrograms({ folder }) {
  const { installPostgres } = await testSupport();
  const home = await installPostgres(folder);
  process.env['TEST_POSTGRES_HOME'] = home;
  return home;
}

/** Runs work outside the tests with everything tests have. Rejects when it fails or is interrupted. */
export async function inTestRun(work) {
  const testRun = await openTestRun();
  const { signal } = testRun;
  const interruption = new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`Interrupted by ${signal.reason.message}`)));
  });
  const prepareAndWork = async () => {
    ensurePrerequisites();
    await generate({ signal });
    await compile({ signal });
    await compileTests({ signal });
    await sharePostgresPrograms(testRun);
    await work(testRun);
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
    // It ended meanwhile.
  }
}
