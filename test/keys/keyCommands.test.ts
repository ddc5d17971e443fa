/** Signing keys on the command line, and the change of KEY_ENCRYPTION_KEY from its first step to its last. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { password } from '../support/authority.ts';
import { countersign } from '../support/commandLine.ts';
import { closedPort, mailSettings } from '../support/mailServer.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { startServer } from '../support/server.ts';

const kidShape = /^[A-Za-z0-9_-]{43}$/;

t.test('keys list, rotate and revoke', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const run = (...argv: string[]) => countersign(dataDir, ...argv);
  const email = 'alice@example.com';
  await server.call('POST', '/auth/register', { body: { email, password } });
  const login = () => server.call('POST', '/auth/login', { body: { email, password } });
  const { access_token: token } = (await login()).body;

  const listed = (await run('keys', 'list')).lines.map((line) => line.split('\t'));
  t.strictSame(listed.map(([, state]) => state).sort(), ['active', 'next']);
  for (const [kid, , ...times] of listed) {
    t.match(kid, kidShape);
    for (const time of times) t.match(time, /^2\d{3}-.*Z$/);
  }
  const active = listed.find(([, state]) => state === 'active')?.[0] ?? '';
  const next = listed.find(([, state]) => state === 'next')?.[0] ?? '';
  t.match(await run('keys', 'rotate'), { code: 0, lines: [next], words: /^Rotated\./ });
  t.match(await run('keys', 'rotate'), {
    code: 1,
    lines: [],
    words: /^The next key is published, but caches/,
  });
  const asJson = (await run('keys', 'list', '--json')).lines.map((line) => JSON.parse(line));
  t.match(
    asJson.find(({ kid }) => kid === next),
    { state: 'active', created_at: /Z$/, since: /Z$/ },
  );

  t.match(await run('keys', 'revoke', active), { code: 0, lines: ['1'], words: /is revoked/ });
  t.equal((await server.call('GET', '/auth/me', { token })).status, 401);
  t.equal((await login()).status, 200);
  t.match(await run('keys', 'revoke', `-${'k'.repeat(42)}`), { code: 1, words: /there is no such key/ });
  t.match(await run('keys', 'revoke', '--', `-${'k'.repeat(42)}`), { code: 1, words: /no such key/ });
  t.match(await run('keys', 'revoke', `-${'k'.repeat(42)}`, '--json'), { code: 1, words: /no such key/ });
  t.match(await run('keys', 'revoke', 'k'), { code: 1, words: /^kid: must be/ });
  t.match(await run('keys', 'revoke'), { code: 2 });
  t.match(await run('keys', 'rotate', 'now'), { code: 2 });
  t.match(await run('keys', 'forget'), { code: 2 });
});

t.test('another KEY_ENCRYPTION_KEY: nothing is lost, and the old one is needed no more', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const withServer = async <T>(
    env: Readonly<Record<string, string>>,
    use: (server: Awaited<ReturnType<typeof startServer>>) => Promise<T>,
  ) => {
    const server = await startServer(dataDir, env);
    return use(server).finally(() => server.stop());
  };
  const body = { email: 'alice@example.com', password };
  // A mail that waits: nobody listens there.
  const mail = mailSettings({ url: `smtp://127.0.0.1:${await closedPort()}` });
  const signedIn = await withServer(mail, async (server) => {
    await server.call('POST', '/auth/register', { body });
    await server.call('POST', '/auth/recovery', { body: { email: body.email } });
    return (await server.call('POST', '/auth/login', { body })).body;
  });

  const old = (await readFile(join(dataDir, 'key-encryption-key'), 'utf8')).trim();
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const refused = startServer(dataDir, { KEY_ENCRYPTION_KEY });
  await t.rejects(refused, /KEY_ENCRYPTION_KEY: it does not open signing key/, 'not without the old one');

  const refreshed = await withServer(
    { ...mail, KEY_ENCRYPTION_KEY, KEY_DECRYPTION_KEYS: old },
    async (server) => {
      const resealed = await countersign(dataDir, 'keys', 'reseal', '--json');
      t.strictSame(JSON.parse(resealed.lines[0] ?? ''), {
        signing_keys: 2,
        totp_secrets: 0,
        messages: 1,
        sessions: 1,
        unreadable_sessions: 0,
      });
      t.match(
        await countersign(dataDir, 'keys', 'reseal'),
        { code: 0, lines: ['0'] },
        'again finds nothing to do',
      );
      const { refresh_token } = signedIn;
      return (await server.call('POST', '/auth/refresh', { body: { refresh_token } })).body;
    },
  );
  await withServer({ KEY_ENCRYPTION_KEY }, async (server) => {
    for (const { access_token: token } of [signedIn, refreshed]) {
      t.equal((await server.call('GET', '/auth/me', { token })).status, 200);
    }
    const { refresh_token } = refreshed;
    t.equal((await server.call('POST', '/auth/refresh', { body: { refresh_token } })).status, 200);
  });
});
