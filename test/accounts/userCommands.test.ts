/** What support sees of users, on the command line. */
import { rm } from 'node:fs/promises';
import t from 'tap';
import { password } from '../support/authority.ts';
import { countersign } from '../support/commandLine.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startServer } from '../support/server.ts';

t.test('users list and show', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const users = (...argv: string[]) => countersign(dataDir, 'users', ...argv);
  const ids: string[] = [];
  for (const name of ['ada', 'bob', 'eve']) {
    const body = { email: `${name}@example.com`, password };
    ids.push((await server.call('POST', '/auth/register', { body })).body.user_id);
  }
  await users('disable', 'eve@example.com');
  const login = { email: 'ada@example.com', password, device_name: 'a \u0009tab' };
  t.equal((await server.call('POST', '/auth/login', { body: login })).status, 400, 'no such device name');
  const device = { ...login, device_name: "Ada's laptop" };
  const { body: session } = await server.call('POST', '/auth/login', { body: device });
  await server.call('POST', '/auth/login', { body: { ...login, device_name: 'x', password: 'wrong' } });

  const cells = (await users('list')).lines.map((line) => line.split('\t'));
  t.strictSame(
    cells.map(([id, email, state]) => [id, email, state]),
    [
      [ids[2], 'eve@example.com', 'disabled'],
      [ids[1], 'bob@example.com', 'active'],
      [ids[0], 'ada@example.com', 'active'],
    ],
    'newest first, and no canary',
  );
  const [next = ''] = (await users('list', '--limit', '1', '--after', ids[2] ?? '', '--json')).lines;
  t.match(JSON.parse(next), { id: ids[1], email: 'bob@example.com', created_at: /Z$/ });
  const [shown = ''] = (await users('show', 'Ada@Example.com', '--json')).lines;
  t.match(JSON.parse(shown), {
    ...{ id: ids[0], email: 'ada@example.com' },
    sessions: [{ id: session.session_id, device: "Ada's laptop", acr: '1fa', ip: '127.0.0.1' }],
    sign_ins: [
      { type: 'login_failed', reason: 'wrong_password', ip: '127.0.0.1' },
      { type: 'login_succeeded', reason: 'password' },
    ],
  });
  const { lines } = await users('show', 'ada@example.com');
  t.match(lines, [
    /^id\t/,
    'email\tada@example.com',
    'state\tactive',
    /^created\t/,
    'verified\t-',
    /^session\t/,
  ]);
  for (const [argv, code, words] of [
    [['show', 'nobody@example.com'], 1, /There is no such user/],
    [['list', '--limit', '0'], 1, /^limit: must be a number from 1 to 1000/],
    [['list', '--limit', 'many'], 1, /^limit: must be a number/],
    [['list', '--after', 'x'], 1, /^after: must be a UUID/],
    [['show'], 2, /EMAIL/],
  ] as const)
    t.match(await users(...argv), { code, lines: [], words }, argv.join(' '));
});
