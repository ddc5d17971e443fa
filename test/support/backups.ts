import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { password } from './authority.ts';
import { eventually } from './eventually.ts';
import { copyOfEmbeddedDatabase } from './pglite.ts';
import { startProcess } from './process.ts';
import { distFolder, startServer } from './server.ts';

export async function emptyFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'backup-'));
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export async function aDataFolder(t: Test): Promise<string> {
  const folder = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export async function countersign(
  dataDir: string,
  argv: readonly string[],
  more: { cwd?: string; env?: object } = {},
) {
  const command = startProcess(process.execPath, [join(distFolder, 'cli.js'), ...argv], {
    ...(more.cwd === undefined ? {} : { cwd: more.cwd }),
    env: { DATA_DIR: dataDir, ...more.env },
  });
  const { code } = await command.exited;
  return { code, out: command.stdout(), err: command.stderr() };
}

export const emailOf = (number: number) => `user-${number}@example.com`;

/** Each has all that was answered before it, and starts. */
export async function backUpUnderLoad(t: Test, names: readonly string[]): Promise<void> {
  const [dataDir, folder] = [await aDataFolder(t), await emptyFolder(t)];
  const many = { SESSIONS_PER_USER: '10000' };
  const server = await startServer(dataDir, many);
  t.teardown(() => server.stop());
  const credentials = { email: emailOf(0), password };
  t.equal((await server.call('POST', '/auth/register', { body: credentials })).status, 201);
  const sessions: string[] = [];
  let running = true;
  const busy = async () => {
    while (running) {
      const { body } = await server.call('POST', '/auth/login', { body: credentials });
      const refreshed = await server.call('POST', '/auth/refresh', {
        body: { refresh_token: body.refresh_token },
      });
      sessions.push(refreshed.body.refresh_token);
    }
  };
  const work = [busy(), busy()];
  // A relative path is one of the caller, wherever the authority runs.
  for (const name of names) {
    const before = sessions.length;
    await eventually('work goes on', () => sessions.length > before + 3);
    const answered = sessions.length;
    const { code, out, err } = await countersign(dataDir, ['backup', name, '--json'], { cwd: folder });
    t.equal(code, 0, err);
    t.equal(JSON.parse(out).path, join(folder, name));

    const copy = join(folder, name);
    const marker = JSON.parse(await readFile(join(copy, 'backup.json'), 'utf8'));
    t.match(marker, { made_at: /^2\d{3}-\d\d-\d\dT.*Z$/, deployment_id: /^[0-9a-f-]{36}$/ });
    t.ok(Date.parse(marker.made_at) <= Date.now());
    t.match(await countersign(copy, ['restored', '--keep-sessions']), { code: 0 });
    const restored = await startServer(copy, many);
    t.equal((await restored.call('POST', '/auth/login', { body: credentials })).status, 200);
    const refresh = async (refresh_token: string) =>
      (await restored.call('POST', '/auth/refresh', { body: { refresh_token } })).status;
    const statuses = await Promise.all(sessions.slice(0, answered).map(refresh));
    t.strictSame(statuses, Array(answered).fill(200), 'every session that was answered before');
    await restored.stop();
  }
  running = false;
  await Promise.all(work);
  t.strictSame((await readdir(folder)).sort(), names.toSorted(), 'nothing unfinished is left');
}
