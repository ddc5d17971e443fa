/** The connection to real servers that are wrong, frozen, killed, failed over or not there. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import t from 'tap';
import { openRedis } from '../../../src/storage/redis/connection.ts';
import { deploymentKey } from '../../../src/storage/redis/keys.ts';
import { redisLimits } from '../../../src/storage/redis/limits.ts';
import { startCuttableLine } from '../../support/cuttableLine.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/freePort.ts';
import { startCluster, startRedis, startReplicated } from '../../support/redis.ts';
import { addressOf, openTestRedis } from '../../support/sharedCopy.ts';

const password = 'hunter2-of-redis';

/** The error of a start, which must have been refused. */
async function refusal(url: string): Promise<StartupError> {
  const opened = await openRedis({ address: addressOf(url), clock: systemClock }).catch((error) => error);
  if (opened instanceof StartupError) return opened;
  if (!(opened instanceof Error)) opened.close();
  throw new Error(`not refused: ${url}`, { cause: opened });
}

t.test('a server that cannot be used is refused in one line', async (t) => {
  const servers = await Promise.all([
    startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] }),
    startRedis({ args: ['--maxmemory-policy', 'volatile-ttl'] }),
    startRedis({ args: ['--requirepass', password] }),
    startRedis({ args: ['--replicaof', '127.0.0.1', '1'] }),
    startRedis(),
  ]);
  t.teardown(() => Promise.all(servers.map((server) => server.stop())));
  const [evicting, volatile, guarded, replica, frozen] = servers;
  frozen.kill('SIGSTOP');
  const nowhere = `127.0.0.1:${await freePort()}`;
  const withLogin = (login: string) => guarded.url.replace('//', `//${login}@`);
  const table: [what: string, url: string, name: string, message: RegExp][] = [
    ['evicts all', evicting.url, 'StartupError', /allkeys-lru; it must be noeviction/],
    ['evicts some', volatile.url, 'StartupError', /volatile-ttl; it must be noeviction/],
    ['not there', `redis://${nowhere}`, 'UnreachableError', /ECONNREFUSED/],
    ['no such name', 'redis://name.invalid', 'UnreachableError', /cannot be used: ./],
    ['no password', guarded.url, 'UnreachableError', /NOAUTH/],
    ['wrong password', withLogin(':wrong-password'), 'UnreachableError', /WRONGPASS/],
    ['wrong user', withLogin('nobody:wrong-password'), 'UnreachableError', /WRONGPASS/],
    ['a replica', replica.url, 'UnreachableError', /replica/],
    ['frozen', frozen.url, 'UnreachableError', /cannot be used: ./],
    ['no Sentinel', `redis-sentinel://${nowhere}/mymaster`, 'UnreachableError', /unreachable/],
    ['not a Sentinel', `redis-sentinel://127.0.0.1:${guarded.port}/mymaster`, 'UnreachableError', /./],
    ['no Cluster', `redis-cluster://${nowhere}`, 'UnreachableError', /no answer/],
    ['not a Cluster', `redis-cluster://127.0.0.1:${volatile.port}`, 'UnreachableError', /cluster/i],
    ['no TLS there', volatile.url.replace('redis:', 'rediss:'), 'UnreachableError', /cannot be used: ./],
  ];
  await Promise.all(
    table.map(async ([what, url, name, message]) => {
      const error = await refusal(url);
      t.match(error, { name, message }, what);
      t.match(error.message, /^REDIS_URL: [^\n]+$/, `${what}: one line`);
      t.notMatch(`${error.stack} ${error.cause}`, /wrong-password/, `${what}: no password`);
      t.notMatch(error.message, /:\/\//, `${what}: no URL`);
    }),
  );
});

t.test('a user and a password in the URL log in', async (t) => {
  const server = await startRedis({ args: ['--requirepass', password] });
  t.teardown(() => server.stop());
  const url = server.url.replace('//', `//default:${password}@`);
  const redis = await openTestRedis(t, url);
  t.equal(await redis.run((commands) => commands.set('a', '1')), 'OK');
  const other = await openTestRedis(t, `${url}/5`);
  t.equal(await other.run((commands) => commands.get('a')), null, 'the database of the URL is used');
});

t.test('what the server refuses is a plain error with its words, and no breakdown', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  await redis.run((commands) => commands.set('a', 'secret-value'));
  const error = await redis.run((commands) => commands.sadd('a', 'secret-value')).catch((error) => error);
  t.match(error, { name: 'Error', message: /^Redis: WRONGTYPE/ });
  t.strictSame(Object.keys(error), [], 'nothing of the command is in it');
  t.equal(error.cause, undefined);
  t.ok(redis.available());
});

t.test('frozen: one time-out, then callers fail at once; it recovers by itself', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const get = () => redis.run((commands) => commands.get('a'));
  server.kill('SIGSTOP');
  const started = performance.now();
  await t.rejects(get(), { message: 'Redis: no answer' });
  t.ok(performance.now() - started >= redisLimits.redisCommandMilliseconds * 0.9, 'it was given its time');
  t.notOk(redis.available());

  const before = performance.now();
  const refused = await Promise.allSettled(Array.from({ length: 1_000 }, get));
  t.ok(refused.every(({ status }) => status === 'rejected'));
  t.ok(performance.now() - before < redisLimits.redisCommandMilliseconds / 2, 'nobody waits');

  server.kill('SIGCONT');
  await eventually('it is asked again', redis.available);
  t.equal(await get(), null);
  const stats = String(await server.command('INFO', 'commandstats'));
  t.match(stats, /cmdstat_get:calls=2,/, 'none of the thousand was sent');
});

t.test('the other end is gone without a word: a new connection is made', async (t) => {
  const server = await startRedis();
  const line = await startCuttableLine(server.port);
  t.teardown(() => Promise.all([line.stop(), server.stop()]));
  const redis = await openTestRedis(t, `redis://127.0.0.1:${line.port}`);
  line.cut();
  await t.rejects(
    redis.run((commands) => commands.get('a')),
    { message: 'Redis: no answer' },
  );
  await eventually('it is connected again', redis.available);
  t.equal(await redis.run((commands) => commands.get('a')), null);
});

t.test('killed and started again, empty: callers fail at once meanwhile', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const ids = { ours: randomUUID(), other: randomUUID() };
  await redis.claim(ids.ours);
  await server.stop();
  await eventually('the loss is noticed', () => !redis.available());
  const before = performance.now();
  await t.rejects(
    redis.run((commands) => commands.get('a')),
    { message: 'Redis: not available' },
  );
  await t.rejects(redis.claim(ids.ours), { name: 'UnreachableError', message: /^REDIS_URL: / });
  t.ok(performance.now() - before < redisLimits.redisCommandMilliseconds / 2);

  const next = await startRedis({ port: server.port });
  t.teardown(() => next.stop());
  await eventually('it is connected again', redis.available);
  t.equal(await next.command('GET', deploymentKey), null, 'empty');
  await redis.claim(ids.ours);
  t.equal(await next.command('GET', deploymentKey), ids.ours, 'claimed again');
});

t.test('a Redis belongs to one deployment', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const [ours, other] = [randomUUID(), randomUUID()];
  await redis.claim(ours);
  await redis.claim(ours);
  const message =
    /^REDIS_URL: .*another deployment.*another logical database.*delete the key countersign:deployment/;
  await t.rejects(redis.claim(other), { name: 'StartupError', message });
  await (await openTestRedis(t, `${server.url}/1`)).claim(other);

  await server.command('FLUSHALL');
  await redis.claim(other);
  await t.rejects(redis.claim(ours), { name: 'StartupError', message });
  await server.command('SET', deploymentKey, 'x\n\u001b[2J');
  await t.rejects(redis.claim(ours), { name: 'StartupError', message: /\(x\?\?\?2J\)/ }, 'shown in one line');
  await server.command('DEL', deploymentKey);
  await server.command('LPUSH', deploymentKey, 'x');
  await t.rejects(redis.claim(ours), { name: 'UnreachableError', message: /WRONGTYPE/ });
});

t.test('Sentinel: the connection follows the primary', async (t) => {
  const replicated = await startReplicated();
  t.teardown(() => replicated.stop());
  const redis = await openTestRedis(t, replicated.url);
  await redis.run((commands) => commands.set('a', 'primary'));
  t.equal(await replicated.primary.command('GET', 'a'), 'primary');
  const heard: string[] = [];
  const hear = (_: string, payload: Buffer) => void heard.push(payload.toString());
  const subscription = redis.subscribe(['channel'], hear, () => {});
  t.teardown(subscription.close);
  await eventually('subscribed', subscription.active);

  replicated.primary.kill('SIGKILL');
  await replicated.failOver();
  const written = async () => {
    await redis.run((commands) => commands.set('a', 'promoted'));
    return (await replicated.replica.command('GET', 'a')) === 'promoted';
  };
  t.ok(await eventually('commands reach the new primary', written, 20_000));
  const arrives = async () => {
    await replicated.replica.command('PUBLISH', 'channel', 'from the new primary');
    return heard.includes('from the new primary');
  };
  t.ok(await eventually('the subscription follows too', arrives, 20_000));
  t.equal((await refusal(replicated.url.replace('mymaster', 'other'))).name, 'UnreachableError');
});

t.test('Sentinels that ask for a login are given the one of the URL', async (t) => {
  const replicated = await startReplicated({ sentinelPassword: password });
  t.teardown(() => replicated.stop());
  t.match(await refusal(replicated.url), { name: 'UnreachableError', message: /NOAUTH/ });
  const wrong = replicated.url.replace('//', '//:wrong-password@');
  t.match(await refusal(wrong), { name: 'UnreachableError', message: /WRONGPASS/ });
  for (const server of [replicated.primary, replicated.replica]) {
    await server.command('ACL', 'SETUSER', 'default', `>${password}`, 'resetpass', `>${password}`);
  }
  const redis = await openTestRedis(t, replicated.url.replace('//', `//:${password}@`));
  t.equal(await redis.run((commands) => commands.set('a', '1')), 'OK');
  const subscription = redis.subscribe(
    ['a'],
    () => {},
    (error) => t.fail(error.message),
  );
  t.teardown(subscription.close);
  t.ok(await eventually('subscribed', subscription.active));
});

t.test('Cluster: commands reach every slot, and it comes back', async (t) => {
  const cluster = await startCluster();
  t.teardown(() => cluster.stop());
  const redis = await openTestRedis(t, cluster.url);
  const id = randomUUID();
  await redis.claim(id);
  await t.rejects(redis.claim(randomUUID()), { name: 'StartupError' });
  for (const key of ['a', 'b', 'c', '{a}b'])
    t.equal(await redis.run((commands) => commands.set(key, '1')), 'OK');

  cluster.kill('SIGSTOP');
  await t.rejects(
    redis.run((commands) => commands.get('a')),
    { message: 'Redis: no answer' },
  );
  t.notOk(redis.available());
  cluster.kill('SIGCONT');
  await eventually('it is asked again', redis.available);
  t.equal(await redis.run((commands) => commands.get('a')), '1');
});

t.test('Cluster: a primary that may evict is refused', async (t) => {
  const cluster = await startCluster();
  t.teardown(() => cluster.stop());
  await cluster.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
  t.match(await refusal(cluster.url), {
    name: 'StartupError',
    message: /allkeys-random; it must be noeviction/,
  });
});

t.test('a connection that was closed leaves nothing behind', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const redis = await openRedis({ address: addressOf(server.url), clock: systemClock });
  const subscription = redis.subscribe(
    ['a'],
    () => {},
    () => t.fail('a closed subscription is not lost'),
  );
  await eventually('subscribed', subscription.active);
  subscription.close();
  redis.close();
  // This one is from the command that asks.
  const clients = async () =>
    String(await server.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length === 1;
  t.ok(await eventually('every connection is closed', clients));
  await t.rejects(
    redis.run((commands) => commands.get('a')),
    { message: 'Redis: not available' },
  );
});
