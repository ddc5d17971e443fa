/** `countersign restored`, beside a running authority and by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { password } from '../support/authority.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { shortLived } from '../support/process.ts';
import { distFolder, startServer } from '../support/server.ts';

t.test('restored', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const countersign = async (...argv: string[]) => {
    const child = spawn(process.execPath, [...shortLived, join(distFolder, 'cli.js'), ...argv], {
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
    });
    const [[code], out, words] = await Promise.all([
      once(child, 'close'),
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, out: out.trim(), words };
  };
  const body = { email: 'alice@example.com', password };
  let server = await startServer(dataDir);
  t.teardown(() => server.stop());
  t.equal((await server.call('POST', '/auth/register', { body })).status, 201);
  const login = async () => (await server.call('POST', '/auth/login', { body })).body;
  const me = async (token: string) => (await server.call('GET', '/auth/me', { token })).status;
  const refresh = (token: string) => server.call('POST', '/auth/refresh', { body: { refresh_token: token } });

  const first = await login();
  t.match(await countersign('restored', '--keep-sessions'), {
    code: 0,
    out: '0',
    words: /^Access tokens issued until 2\d{3}-.*Z are refused\.\nSessions go on/,
  });
  t.equal(await me(first.access_token), 401, 'in effect when it returns');
  const second = (await refresh(first.refresh_token)).body;
  t.equal(await me(second.access_token), 200);

  const all = await countersign('restored', '--json');
  t.match(JSON.parse(all.out), { issued_until: /Z$/, ended_sessions: 1, effect_time: /Z$/ });
  t.equal(await me(second.access_token), 401);
  t.equal((await refresh(second.refresh_token)).status, 401);

  const third = await login();
  await server.stop();
  t.match(await countersign('restored'), { code: 0, out: '1', words: /Sessions ended:\n$/ });
  server = await startServer(dataDir);
  t.equal(await me(third.access_token), 401, 'what it did by itself is there');
  t.match(await countersign('restored', 'now'), { code: 2, words: /takes no arguments/ });
  t.match(await countersign('restore'), { code: 2, words: /^There is no command "restore"/ });
  t.match(await countersign('restored', '--help'), { code: 0, out: /--keep-sessions/ });
});
