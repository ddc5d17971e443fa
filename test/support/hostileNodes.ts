/** Two nodes as they are shipped, on one database and a Redis of their own, and what must hold on them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { createSealAudit } from '../../src/audit/sealAudit.ts';
import { createVerifyAudit } from '../../src/audit/verifyAudit.ts';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { password } from './authority.ts';
import { createHostileDatabase, type HostileDatabase, type HostileSetUp } from './hostileDatabase.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { startServer, type TestServer } from './server.ts';

export interface Nodes {
  readonly one: TestServer;
  other: TestServer;
  /** Ends the second node in this way, and starts it again. */
  restart(signal: NodeJS.Signals): Promise<void>;
  readonly redis: RedisServer;
}

export async function openNodes(t: Test, { url }: HostileDatabase): Promise<Nodes> {
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

/** A test for each of them, by name. */
export function holdsOnEach(t: Test, setUps: Readonly<Record<string, HostileSetUp>>): void {
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
}

/** A logout holds on both nodes, without Redis, after a restart and after `kill -9`; live tokens live. */
export async function holdsEverywhere(t: Test, nodes: Nodes, url: string): Promise<void> {
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
