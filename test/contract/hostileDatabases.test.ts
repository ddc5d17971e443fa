/**
 * Databases as somebody else has set them up (F1, F2): the same answers on all of them. Two nodes as they are shipped, with a
 * Redis of their own: a logout holds on both, without Redis, after a restart and after `kill -9`; live tokens live.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSealAudit } from '../../src/flows/sealAudit.ts';
import { createVerifyAudit } from '../../src/flows/verifyAudit.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { password } from '../support/authority.ts';
import { eventually } from '../support/eventually.ts';
import {
  createHostileDatabase,
  type HostileDatabase,
  type HostileSetUp,
} from '../support/hostileDatabase.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startServer, type TestServer } from '../support/server.ts';

const setUps: Readonly<Record<string, HostileSetUp>> = {
  'a zone east of UTC with summer time, by database': { database: { timezone: "'Europe/Berlin'" } },
  'a zone east of UTC with half hours, by role': { role: { timezone: "'Asia/Kolkata'" } },
  'a zone west of UTC, by both': {
    database: { timezone: "'Pacific/Kiritimati'" },
    role: { timezone: "'America/Los_Angeles'" },
  },
  'other formats and short time limits': {
    database: { datestyle: "'SQL, DMY'", intervalstyle: 'sql_standard', bytea_output: 'escape' },
    role: {
      ...{ extra_float_digits: '-15', client_encoding: 'LATIN1', transform_null_equals: 'on' },
      ...{
        statement_timeout: "'200ms'",
        idle_in_transaction_session_timeout: "'5ms'",
        lock_timeout: "'1ms'",
      },
    },
  },
  'repeatable read': { database: { default_transaction_isolation: "'repeatable read'" } },
  'serializable and deferrable, read only by default, not durable': {
    role: { default_transaction_isolation: 'serializable', default_transaction_deferrable: 'on' },
    database: { default_transaction_read_only: 'on', synchronous_commit: 'off' },
  },
  'a schema named like the user': { schemas: ['{role}'] },
  'another search path': { schemas: ['auth'], role: { search_path: 'auth' } },
  '?schema=, with a path that leads elsewhere': {
    schemas: ['elsewhere'],
    schema: 'Auth-1',
    database: { search_path: 'elsewhere, public' },
  },
};

for (const [name, setUp] of Object.entries(setUps)) {
  t.test(name, async (t) => {
    const database = await createHostileDatabase(t, setUp);
    const nodes = await openNodes(t, database);
    await holdsEverywhere(t, nodes, database.url);
    const schemas = await database.query(
      "SELECT DISTINCT schemaname AS name FROM pg_tables WHERE tablename = 'sessions'",
    );
    t.strictSame(schemas, [{ name: setUp.schema ?? 'public' }], 'there is one set of tables');
  });
}

t.test('settings that change while nodes run', async (t) => {
  const database = await createHostileDatabase(t, {});
  const nodes = await openNodes(t, database);
  await database.change({
    database: { timezone: "'Asia/Kolkata'", datestyle: "'German'", search_path: 'nowhere' },
    role: { timezone: "'America/Los_Angeles'", default_transaction_isolation: 'serializable' },
  });
  await eventually('it goes on', async () => (await nodes.one.call('GET', '/health/ready')).status === 200);
  await eventually('both do', async () => (await nodes.other.call('GET', '/health/ready')).status === 200);
  await holdsEverywhere(t, nodes, database.url);
});

interface Nodes {
  readonly one: TestServer;
  other: TestServer;
  /** Ends the second node in this way, and starts it again. */
  restart(signal: NodeJS.Signals): Promise<void>;
  readonly redis: RedisServer;
}

async function openNodes(t: Test, { url }: HostileDatabase): Promise<Nodes> {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const env = {
    ...{ DATABASE_URL: url, REDIS_URL: redis.url, REGISTRATION: 'open' },
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const folders = [await mkdtemp(join(tmpdir(), 'one-')), await mkdtemp(join(tmpdir(), 'other-'))] as const;
  const nodes: Nodes = {
    one: await startServer(folders[0], env),
    other: await startServer(folders[1], env),
    async restart(signal) {
      nodes.other.process.signal(signal);
      await nodes.other.process.exited;
      await nodes.other.stop();
      nodes.other = await startServer(folders[1], env);
    },
    redis,
  };
  t.teardown(() => nodes.one.stop());
  t.teardown(() => nodes.other.stop());
  return nodes;
}

async function holdsEverywhere(t: Test, nodes: Nodes, url: string): Promise<void> {
  const { one } = nodes;
  const user = { email: `${randomBytes(6).toString('hex')}@example.com`, password };
  t.equal((await one.call('POST', '/auth/register', { body: user })).status, 201, 'a user is made');
  const login = async () => (await one.call('POST', '/auth/login', { body: user })).body;
  const [live, first, second] = [await login(), await login(), await login()];
  const me = async (node: TestServer, { access_token }: { access_token: string }) =>
    (await node.call('GET', '/auth/me', { token: access_token })).status;
  const both = async (tokens: { access_token: string }) => [
    await me(one, tokens),
    await me(nodes.other, tokens),
  ];

  t.strictSame(await both(first), [200, 200], 'a token is good on both');
  t.equal((await one.call('POST', '/auth/logout', { token: first.access_token })).status, 204);
  t.strictSame(await both(first), [401, 401], 'after the logout, on neither');

  nodes.redis.kill('SIGSTOP');
  t.equal((await one.call('POST', '/auth/logout', { token: second.access_token })).status, 204);
  t.strictSame(await both(second), [401, 401], 'nor without Redis');
  nodes.redis.kill('SIGCONT');

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await nodes.restart(signal);
    t.strictSame(await both(first), [401, 401], `nor after a restart (${signal})`);
    t.strictSame(await both(second), [401, 401]);
    t.strictSame(await both(live), [200, 200], 'and live tokens live');
  }
  const body = { refresh_token: live.refresh_token };
  const refreshes = await Promise.all(
    Array.from({ length: 4 }, () => one.call('POST', '/auth/refresh', { body })),
  );
  t.strictSame(
    refreshes.map(({ status }) => status),
    [200, 200, 200, 200],
    'four refreshes at once give one successor',
  );
  await auditIsVerified(t, url);
}

async function auditIsVerified(t: Test, url: string): Promise<void> {
  const engine = await openEngine('', url);
  try {
    const { database } = createStorage(engine);
    await createSealAudit({ database })();
    const found = await createVerifyAudit({ database, retentionMs: 86_400_000 })();
    t.equal(found.fault, undefined, 'the audit log is verified');
    t.ok(found.seals > 0, 'and sealed');
  } finally {
    await engine.close();
  }
}
