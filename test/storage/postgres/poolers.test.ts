/** What stands before the server, or is wrong with the database itself (F3): PgBouncer in each mode, and encodings. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import t, { type Test } from 'tap';
import { openEngine } from '../../../src/storage/postgres/engine.ts';
import { startAuthority } from '../../support/authority.ts';
import { freePort } from '../../support/freePort.ts';
import { createHostileDatabase } from '../../support/hostileDatabase.ts';
import { startProcess } from '../../support/process.ts';
import { startRedis } from '../../support/redis.ts';
import { ofTestRun } from '../../support/testRun.ts';

const run = promisify(execFile);

/** Answers the URL that leads through it. It refuses to run as root. */
async function startBouncer(
  t: Test,
  url: string,
  mode: 'session' | 'transaction',
  size = 40,
): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const folder = await mkdtemp(join(tmpdir(), 'bouncer-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const own = await freePort();
  const lines = [
    ...['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', 'listen_addr = 127.0.0.1'],
    ...[`listen_port = ${own}`, 'unix_socket_dir =', `pool_mode = ${mode}`, 'auth_type = plain'],
    ...[`auth_file = ${folder}/users`, `default_pool_size = ${size}`, 'max_client_conn = 200'],
  ];
  await writeFile(join(folder, 'pgbouncer.ini'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'users'), `"${username}" "${password}"\n`);
  const user = await nobody();
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  await chmod(folder, 0o755);
  const bouncer = startProcess('pgbouncer', [join(folder, 'pgbouncer.ini')], user);
  t.teardown(() => bouncer.stop());
  await bouncer.waitForOutput(/process up/);
  return `postgresql://${username}:${password}@127.0.0.1:${own}${pathname}`;
}

async function nobody(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

t.test('PgBouncer in session mode serves', async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const database = await createHostileDatabase(t, {
    database: { timezone: "'Asia/Kolkata'" },
    schemas: ['auth'],
    role: { search_path: 'auth' },
  });
  const env = {
    ...{ DATABASE_URL: await startBouncer(t, database.url, 'session'), REDIS_URL: redis.url },
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const dataDir = await mkdtemp(join(tmpdir(), 'bounced-'));
  const node = await startAuthority({ env, dataDir });
  t.teardown(() => node.stop());
  await node.register('ada@example.com');
  const { access_token, refresh_token } = await node.login('ada@example.com');
  t.equal((await node.refresh(refresh_token)).status, 200);
  t.equal((await node.call('POST', '/auth/logout', { token: access_token })).status, 204);
  t.equal((await node.call('GET', '/auth/me', { token: access_token })).status, 401);
  await node.authority.prove();
  t.equal(node.authority.doubt(), undefined, 'its canary lives');
});

t.test('PgBouncer in transaction mode is refused', async (t) => {
  const database = await createHostileDatabase(t, {});
  const url = await startBouncer(t, database.url, 'transaction');
  await t.rejects(openEngine('', url), {
    name: 'StartupError',
    message:
      /^DATABASE_URL: a pooler in transaction mode is in front of the server; set it to session mode.*$/,
  });
});

t.test('so is one that has a single connection', async (t) => {
  const database = await createHostileDatabase(t, {});
  for (const mode of ['transaction', 'session'] as const) {
    const url = await startBouncer(t, database.url, mode, 1);
    await t.rejects(openEngine('', url), { name: 'UnreachableError', message: /^DATABASE_URL: .*$/ }, mode);
  }
});

t.test('a database with another encoding is refused', async (t) => {
  const admin = new URL(ofTestRun('TEST_POSTGRES_URL'));
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  const name = `encoded_${randomBytes(6).toString('hex')}`;
  await client.query(
    `CREATE DATABASE ${name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  t.teardown(async () => {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await client.end();
  });
  admin.pathname = name;
  await t.rejects(openEngine('', admin.href), {
    name: 'StartupError',
    message: /^DATABASE_URL: the database has the encoding LATIN1; make one with UTF8.*$/,
  });
});
