/** What tests with real processes need: a folder for all that they leave behind, and an end to all that they started. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPostgres } from '../test/support/postgres.ts';

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

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}
