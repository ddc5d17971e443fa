/** A start that does not reach PostgreSQL or Redis: what waits, what is refused, and what is said meanwhile. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createHttpClient } from './support/clients.ts';
import { eventually } from './support/eventually.ts';
import { freePort } from './support/freePort.ts';
import { createTestDatabase, startPostgres } from './support/postgres.ts';
import { startProcess } from './support/process.ts';
import { startRedis } from './support/redis.ts';
import { distFolder } from './support/server.ts';

const nobodyThere = 'postgresql://nobody@127.0.0.1:1/none';

async function start(t: Test, env: Readonly<Record<string, string>>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'start-'));
  const [httpPort, operationsPort] = [await freePort(), await freePort()];
  const started = startProcess(process.execPath, [join(distFolder, 'main.js')], {
    env: {
      ...{ DATA_DIR: dataDir, HTTP_PORT: String(httpPort), GRPC_PORT: '0', LOG_LEVEL: 'warn' },
      OPERATIONS_PORT: String(operationsPort),
      ...{ MAIL_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'no-reply@example.com' },
      ...{ ISSUER: 'http://127.0.0.1:8080', KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
      ...env,
    },
  });
  t.teardown(async () => {
    await started.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const call = createHttpClient(`http://127.0.0.1:${httpPort}`);
  return { started, call, operations: createHttpClient(`http://127.0.0.1:${operationsPort}`) };
}

t.test(
  'it waits for a database that is not there: alive, not ready, and with one line for each try',
  async (t) => {
    const [postgres, redis] = [await startPostgres(), await startRedis()];
    t.teardown(() => Promise.all([postgres.stop(), redis.stop()]));
    await postgres.kill('SIGKILL');
    const { started, call, operations } = await start(t, {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
    });
    await started.waitForOutput(/trying again in 5 s/);
    t.equal((await operations('GET', '/health/live')).status, 200);
    const ready = await operations('GET', '/health/ready');
    t.match([ready.status, ready.body.parts.process], [503, /^DATABASE_URL: .*cannot be reached/]);
    t.match((await operations('GET', '/metrics')).body, /^process_cpu_seconds_total /m);
    t.equal((await operations('POST', '/auth/login', { body: {} })).status, 404);
    await t.rejects(call('GET', '/health/live'), 'what cannot be served is not listened for');

    await postgres.start();
    await started.waitForOutput(/Countersign is ready/);
    for (const ask of [call, operations]) {
      t.ok(await eventually('it is ready', async () => (await ask('GET', '/health/ready')).status === 200));
      t.equal((await ask('GET', '/health/live')).status, 200);
    }
    const metrics = await operations('GET', '/metrics');
    t.match([metrics.status, metrics.body], [200, /^countersign_deny_list_entries 0$/m]);
    const lines = started.stderr().trimEnd().split('\n');
    t.match(lines, [/^DATABASE_URL: the PostgreSQL server cannot be reached: .*; trying again in 5 s$/]);
    t.equal(lines.length, 1);
  },
);

t.test('a wrong password and a server that is not there are waited for', async (t) => {
  const guarded = await startRedis({ args: ['--requirepass', 'secret-of-redis'] });
  t.teardown(() => guarded.stop());
  const open = await startRedis();
  t.teardown(() => open.stop());
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const wrongPassword = new URL(database.url);
  wrongPassword.password = 'wrong-password';
  const withPassword = (password: string) => guarded.url.replace('redis://', `redis://default:${password}@`);

  for (const [what, databaseUrl, redisUrl, line] of [
    ['Redis is not there', database.url, 'redis://127.0.0.1:1', /^REDIS_URL: .*ECONNREFUSED/],
    ['a wrong password of Redis', database.url, withPassword('wrong-password'), /^REDIS_URL: .*WRONGPASS/],
    ['no password for Redis', database.url, guarded.url, /^REDIS_URL: .*NOAUTH/],
    [
      'PostgreSQL is not there',
      nobodyThere,
      withPassword('secret-of-redis'),
      /^DATABASE_URL: .*ECONNREFUSED/,
    ],
    ['a wrong password of PostgreSQL', wrongPassword.href, open.url, /^DATABASE_URL: .*password/],
  ] as const) {
    const { started, operations } = await start(t, { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
    await started.waitForOutput(/trying again in 5 s/);
    t.match(started.stderr().trimEnd(), line, what);
    t.equal(started.stderr().trimEnd().split('\n').length, 1, `${what}: one line`);
    t.notMatch(started.stderr(), /wrong-password|secret-of-redis/, `${what}: no secret`);
    const ready = await operations('GET', '/health/ready');
    t.equal(ready.status, 503, what);
    t.notMatch(JSON.stringify(ready.body), /wrong-password|secret-of-redis/, `${what}: no secret`);
    started.signal('SIGTERM');
    t.strictSame(await started.exited, { code: 0, signal: null }, `${what}: it stops when it is told to`);
  }
});

t.test('what waiting does not mend is refused', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const evicting = await startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
  t.teardown(() => evicting.stop());
  const taken = await startRedis();
  t.teardown(() => taken.stop());
  await taken.command('SET', 'countersign:deployment', randomUUID());

  for (const [what, redisUrl, line] of [
    ['a Redis that may evict', evicting.url, /^REDIS_URL: .*allkeys-lru; it must be noeviction\.$/],
    ['the Redis of another deployment', taken.url, /^REDIS_URL: this Redis belongs to another deployment/],
  ] as const) {
    const { started } = await start(t, { DATABASE_URL: database.url, REDIS_URL: redisUrl });
    t.match(await started.exited, { code: 1 }, what);
    t.match(started.stderr().trimEnd(), line, what);
    t.equal(started.stderr().trimEnd().split('\n').length, 1, `${what}: one line`);
  }
});

t.test('a start that fails later than that leaves no node behind that others would wait for', async (t) => {
  const [database, redis] = [await createTestDatabase(), await startRedis()];
  t.teardown(() => Promise.all([database.drop(), redis.stop()]));
  // No address of this machine: that is found only when it listens.
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    GRPC_HOST: '203.0.113.1',
    ALLOW_PLAINTEXT: 'grpc',
  };
  const { started } = await start(t, env);
  t.match(await started.exited, { code: 1 });
  t.match(started.stderr(), /^GRPC_PORT: [^\n]*\n$/);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const nodes = await client.query('SELECT FROM nodes');
  await client.end();
  t.equal(nodes.rowCount, 0);
});
