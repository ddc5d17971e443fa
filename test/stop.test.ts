/** How it stops: one stop however often it is said, no login lost, and at any moment of a start. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import t from 'tap';
import { eventually } from './support/eventually.ts';
import { createTestDatabase } from './support/postgres.ts';
import { startRedis } from './support/redis.ts';
import { startServer } from './support/server.ts';
import {
  emails,
  emptyFolder,
  folderWithUsers,
  logIn,
  startMain,
  stopOften,
  stopped,
  warmConnections,
} from './support/stopping.ts';

// A start takes two seconds on a machine that has nothing else to do, and ten on one that has.
t.setTimeout(400_000);

const users = await folderWithUsers(t, emails);

t.test('one stop through npm and the process group, under logins, by each signal', (t) =>
  stopOften(t, users, 1),
);

t.test('while it drains, answers ask for another connection; SIGINT waits for nobody', async (t) => {
  const server = await startServer(users, { DRAIN_DELAY: '2s' });
  t.teardown(() => server.stop());
  const agent = await warmConnections(server.httpPort, 1);
  t.match(await logIn(server.httpPort, emails[0] ?? '', agent), { status: 200, connection: 'keep-alive' });
  const began = performance.now();
  server.process.signal('SIGTERM');
  const ready = await eventually('it is not ready', async () => {
    const answer = await server.operations('GET', '/health/ready');
    return answer.status === 503 && answer;
  });
  t.equal(ready.body.parts.process, 'draining');
  t.match(await logIn(server.httpPort, emails[0] ?? '', agent), { status: 200, connection: 'close' });
  t.strictSame(await server.process.exited, stopped);
  t.ok(performance.now() - began >= 2_000, 'it served for as long as was asked');

  const again = await startServer(users, { DRAIN_DELAY: '5m' });
  t.teardown(() => again.stop());
  again.process.signal('SIGINT');
  t.strictSame(await again.process.exited, stopped);
});

t.test('a start that waits for another one to migrate is stopped, and the next one migrates', async (t) => {
  const [database, redis] = [await createTestDatabase(), await startRedis()];
  t.teardown(() => Promise.all([database.drop(), redis.stop()]));
  const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY };
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query('SELECT pg_advisory_lock(72707369)');
  const started = startMain(t, await emptyFolder(t), env);
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
  await eventually('it waits', async () => (await other.query(waits)).rowCount === 1);
  started.signal('SIGTERM');
  t.strictSame(await started.exited, stopped, started.stderr());
  await other.end();
  const again = startMain(t, await emptyFolder(t), env);
  t.ok(await again.waitForOutput(/Countersign is ready/));
});

t.test('a start whose database takes connections and says nothing is stopped', async (t) => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const accepted = once(silent, 'connection');
  const started = startMain(t, await emptyFolder(t), {
    DATABASE_URL: `postgresql://nobody@127.0.0.1:${(silent.address() as AddressInfo).port}/none`,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  });
  await accepted;
  started.signal('SIGTERM');
  t.strictSame(await started.exited, stopped, started.stderr());
});
