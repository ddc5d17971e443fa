/** The command line, as a process: beside a running authority, and by itself. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { password } from '../../support/authority.ts';
import { claimsOf, statusOf } from '../../support/clients.ts';
import { copyOfEmbeddedDatabase } from '../../support/pglite.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { shortLived } from '../../support/process.ts';
import { startRedis } from '../../support/redis.ts';
import { distFolder, startServer } from '../../support/server.ts';

interface Result {
  readonly code: number;
  readonly lines: readonly string[];
  readonly words: string;
}

async function countersign(
  dataDir: string,
  argv: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const child = spawn(process.execPath, [...shortLived, join(distFolder, 'cli.js'), ...argv], {
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, ...env },
  });
  child.stdin.end(input);
  const [[code], out, words] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, lines: out.split('\n').filter((line) => line !== ''), words };
}

t.test('beside a running authority, what it does is in effect when it returns', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const run = (argv: readonly string[], input?: string) => countersign(dataDir, argv, input);

  // As Windows writes a line into a pipe.
  const line = `\uFEFF${password}\r\n`;
  const created = await run(['users', 'create', 'alice@example.com', '--password-stdin'], line);
  t.match(created, { code: 0, lines: [/^[0-9a-f-]{36}$/] });
  const login = await server.call('POST', '/auth/login', { body: { email: 'alice@example.com', password } });
  t.equal(login.status, 200);
  const token = login.body.access_token;

  const second = await server.call('POST', '/auth/login', { body: { email: 'alice@example.com', password } });
  const { jti, sid } = claimsOf(second.body.access_token);
  t.match(await run(['revoke', 'token', jti]), { code: 0, lines: ['0'], words: /^In effect after \d+ ms\./ });
  t.match(await server.grpc.isRevoked(jti), { revoked: true, reason: 'REASON_REVOKED' });
  const ended = await run(['revoke', 'session', sid, '--json']);
  t.match(JSON.parse(ended.lines[0] ?? ''), { ended_sessions: 1, effect_time: /^2\d{3}-.*Z$/, nodes: [] });
  const refreshed = await server.call('POST', '/auth/refresh', {
    body: { refresh_token: second.body.refresh_token },
  });
  t.equal(refreshed.status, 401);
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  t.match(await run(['revoke', 'external', 'old-42', '--expires-at', soon]), { code: 0 });
  t.match(await run(['revoke', 'external', 'old-42', '--expires-at', 'soon']), {
    code: 2,
    words: /^--expires-at: must be a time/,
  });
  t.match(await run(['revoke', 'user', 'nobody@example.com']), { code: 1, words: /^There is no such user/ });
  t.match(await run(['revoke', 'session', 'x']), { code: 1, words: /^session_id: must be a UUID/ });

  const guess = { email: 'alice@example.com', password: 'wrong horse battery staple' };
  const attempt = async (body: object) => (await server.call('POST', '/auth/login', { body })).status;
  // The account has a network that is known, this one: it has a count of its own.
  let wait = 401;
  while (wait === 401) wait = await attempt(guess);
  t.equal(wait, 429);
  const unlocked = await run(['users', 'unlock', 'Alice@example.com', '--json']);
  t.match(unlocked, { code: 0, lines: [JSON.stringify({ user_id: created.lines[0] })] });
  t.equal(await attempt({ email: 'alice@example.com', password }), 200, 'at once');
  t.match(await run(['users', 'unlock', 'nobody@example.com']), {
    code: 1,
    words: /^There is no such user\./,
  });
  t.match(await run(['users', 'unlock']), { code: 2 });

  const disabled = await run(['users', 'disable', 'ALICE@example.com', '--json']);
  t.equal(disabled.code, 0);
  t.strictSame(JSON.parse(disabled.lines[0] ?? ''), { user_id: created.lines[0], ended_sessions: 2 });
  t.match(await server.grpc.isRevoked(claimsOf(token).jti), {
    revoked: true,
    reason: 'REASON_USER_DISABLED',
  });
  t.equal((await server.call('GET', '/auth/me', { token })).status, 401);
  const again = await server.call('POST', '/auth/login', { body: { email: 'alice@example.com', password } });
  t.match([again.status, again.body.code], [401, 'invalid_credentials'], 'looks like a wrong password');

  const billing = await run(['services', 'create', 'billing', '--permission', 'tokens.check']);
  t.match(billing, { code: 0, lines: [/^st_[\w-]{43}$/], words: /shown only once/ });
  const serviceToken = billing.lines.at(-1) ?? '';
  t.equal(await statusOf(server.grpc.isRevoked(claimsOf(token).jti, serviceToken)), 'OK');
  t.equal(await statusOf(server.grpc.introspect(token, serviceToken)), 'PERMISSION_DENIED');
  t.match(await run(['services', 'create', 'billing']), { code: 1, lines: [], words: /billing is in use/ });
  t.match((await run(['services', 'revoke', 'billing'])).lines, ['billing']);
  t.match((await run(['services', 'list'])).lines, [
    /^billing\ttokens\.check\t\S+\trevoked\t/,
    /^first\ttokens\.check,tokens\.introspect,tokens\.revoke\t\S+\tlive\t/,
  ]);

  const far = await run(['users', 'create', 'b@example.com', '--password-stdin'], 'x'.repeat(300_000));
  t.match(far, { code: 1, lines: [], words: /too long/ }, 'more than the socket takes');
  t.match(await countersign(dataDir, ['migrate']), { code: 1, lines: [], words: /in use by an authority/ });
});

t.test('by itself, when no authority runs', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase({ empty: true });
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const run = (argv: readonly string[], input?: string) => countersign(dataDir, argv, input);

  t.match(await run(['migrate']), { code: 0, lines: ['20261120000000_first_tables'] });
  t.match(await run(['migrate']), { code: 0, lines: [] }, 'nothing is left to apply');
  const made = await run(['users', 'create', 'bob@example.com', '--json']);
  t.equal(made.code, 0);
  const { password: generated } = JSON.parse(made.lines[0] ?? '{}') as { password: string };
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());
  const login = await server.call('POST', '/auth/login', {
    body: { email: 'bob@example.com', password: generated },
  });
  t.equal(login.status, 200, 'the password that was printed works');
});

t.test('where there is no authority, only what makes something begins one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nobody-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'data');
  for (const name of ['backup copy', 'audit verify', 'keys list', 'revoke user a@example.com']) {
    const { code, lines, words } = await countersign(dataDir, name.split(' '));
    t.match({ code, lines }, { code: 1, lines: [] }, name);
    t.match(words, /^DATA_DIR: there is no authority in .*\/data, and DATABASE_URL is not set/);
  }
  t.notOk(existsSync(dataDir), 'nor is the folder made');

  const [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
  t.teardown(() => Promise.all([database.drop(), redis.stop()]));
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY };
  for (const argv of [
    ['audit', 'verify'],
    ['keys', 'list'],
  ]) {
    const found = await countersign(dataDir, argv, '', env);
    t.match(found, { code: 1, lines: [] }, argv.join(' '));
    t.match(found.words, /^There is no authority in the database, schema public; is it the right one\?\n$/);
  }
  const begun = await countersign(dataDir, ['services', 'create', 'a'], '', env);
  t.equal(begun.code, 0);
  t.match(await countersign(dataDir, ['keys', 'list'], '', env), { code: 0, lines: [/./, /./] });
});

t.test('what is not understood', async (t) => {
  const dataDir = await copyOfEmbeddedDatabase();
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const run = (argv: readonly string[], input?: string) => countersign(dataDir, argv, input);
  t.match(await run(['users', 'disable', 'nobody@example.com']), {
    code: 1,
    words: /There is no such user/,
  });
  // It refuses alike, and need not open the database each time.
  const server = await startServer(dataDir);
  t.teardown(() => server.stop());

  t.match(await run([]), { code: 2, lines: [], words: /^Usage: countersign/ });
  t.match(await run(['--version']), { code: 0, lines: ['0.1.0'] });
  t.match(await run(['users', 'rename', 'x']), { code: 2, words: /no command "users rename"/ });
  t.match(await run(['users', 'create']), { code: 2, words: /exactly one EMAIL/ });
  t.match(await run(['services', 'create', 'a', '--colour']), { code: 2, words: /--colour/ });
  t.match(await run(['services', 'create', 'a', '--permission', 'all']), {
    code: 2,
    words: /--permission: must be one of/,
  });
  t.match(await run(['services', 'create', 'No Name']), { code: 1, words: /^name: must be/ });
  t.match(await run(['users', 'create', 'nonsense']), { code: 1, words: /^email: / });
  t.match(await run(['users', 'disable', 'nobody@example.com']), {
    code: 1,
    words: /There is no such user/,
  });
  t.match(await run(['users', 'create', 'a@example.com', '--password-stdin'], 'short'), {
    code: 1,
    words: /^password: /,
  });
});
