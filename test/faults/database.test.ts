/** An authority on a PostgreSQL server that goes away and comes back, and a second authority on the same database. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf, statusOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';

t.test('PostgreSQL is killed and started again', async (t) => {
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]));
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const authority = await startAuthority({ env });
  t.teardown(() => authority.stop());
  const { call, grpc, refresh } = authority;
  await authority.register('alice@example.com');
  const dead = await authority.login('alice@example.com');
  const live = await authority.login('alice@example.com');
  const deadJti = claimsOf(dead.access_token).jti;
  const liveJti = claimsOf(live.access_token).jti;
  t.equal((await call('POST', '/auth/logout', { token: dead.access_token })).status, 204);

  await t.rejects(startAuthority({ env }), { name: 'StartupError', message: /another authority is running/ });

  await postgres.kill('SIGKILL');
  // Whatever it answers meanwhile, it is never that the revoked token is good.
  t.equal(await statusOf(grpc.isRevoked(deadJti)), 'UNAVAILABLE');
  t.equal((await call('GET', '/auth/me', { token: dead.access_token })).status, 503);
  t.equal((await grpc.introspect(dead.access_token).catch(() => ({ active: false }))).active, false);
  const notLoggedOut = await call('POST', '/auth/logout', { token: live.access_token });
  t.match(
    [notLoggedOut.status, notLoggedOut.body.code],
    [503, 'unavailable'],
    'a logout is not acknowledged',
  );
  t.ok(notLoggedOut.headers.get('retry-after'));
  t.equal((await refresh(live.refresh_token)).status, 503);
  const suspended = async () => (await statusOf(grpc.isRevoked(liveJti))) === 'UNAVAILABLE';
  t.ok(await eventually('nothing is answered from memory without the lock', suspended));
  const notReady = await call('GET', '/health/ready');
  t.match([notReady.status, notReady.body.parts.database], [503, 'does not answer']);

  await postgres.start();
  const ready = async () => (await call('GET', '/health/ready')).status === 200;
  t.ok(await eventually('it is ready again by itself', ready, 20_000));
  // The broken lock may be noticed only now: UNAVAILABLE is allowed for a while, a wrong answer never.
  const verdict = (jti: string) => eventually('a check is answered', () => grpc.isRevoked(jti));
  t.match(await verdict(deadJti), { revoked: true });
  t.match(await verdict(liveJti), { revoked: false });
  const refreshed = async () => (await refresh(live.refresh_token)).status === 200;
  t.ok(await eventually('an acknowledged session still refreshes', refreshed));
  const logout = async () =>
    (await call('POST', '/auth/logout', { token: live.access_token })).status === 204;
  t.ok(await eventually('the client tries again', logout));
  t.match(await verdict(liveJti), { revoked: true });
});

t.test(
  'the lock is taken by somebody else: no check is answered from memory, no logout acknowledged',
  async (t) => {
    const database = await createTestDatabase();
    t.teardown(() => database.drop());
    const redis = await startRedis();
    t.teardown(() => redis.stop());
    const key = randomBytes(32).toString('base64');
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY: key };
    const authority = await startAuthority({ env });
    t.teardown(() => authority.stop());
    await authority.register('alice@example.com');
    const { access_token: token, refresh_token } = await authority.login('alice@example.com');
    const { jti } = claimsOf(token);

    const thief = new pg.Client({ connectionString: database.url });
    await thief.connect();
    const [holder] = (
      await thief.query(
        `SELECT pid, objid FROM pg_locks WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
    ).rows;
    // Queued behind the holder, it has the lock at the moment the holder's connection ends.
    const taken = thief.query('SELECT pg_advisory_lock($1)', [holder.objid]);
    const executioner = new pg.Client({ connectionString: database.url });
    await executioner.connect();
    await executioner.query('SELECT pg_terminate_backend($1)', [holder.pid]);
    await executioner.end();
    await taken;

    const suspended = async () => (await statusOf(authority.grpc.isRevoked(jti))) === 'UNAVAILABLE';
    t.ok(await eventually('it answers no check', suspended));
    const logout = await authority.call('POST', '/auth/logout', { body: { refresh_token } });
    t.match([logout.status, logout.body.code], [503, 'unavailable']);
    await thief.end();
    const ready = async () => (await authority.call('GET', '/health/ready')).status === 200;
    t.ok(await eventually('the lock is regained', ready));
    t.equal((await authority.call('POST', '/auth/logout', { body: { refresh_token } })).status, 204);
    t.match(await authority.grpc.isRevoked(jti), { revoked: true });
  },
);

t.test('Redis that may evict, or is not there, is refused at the start', async (t) => {
  const evicting = await startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
  t.teardown(() => evicting.stop());
  const guarded = await startRedis({ args: ['--requirepass', 'secret-of-redis'] });
  t.teardown(() => guarded.stop());
  const gone = await startRedis();
  await gone.stop();
  const start = (redisUrl: string) =>
    startAuthority({
      env: {
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
        REDIS_URL: redisUrl,
        KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      },
    });
  await t.rejects(start(evicting.url), {
    name: 'StartupError',
    message: /allkeys-lru; it must be noeviction/,
  });
  await t.rejects(start(gone.url), { name: 'UnreachableError', message: /^REDIS_URL: .*cannot be used/ });
  const wrong = guarded.url.replace('redis://', 'redis://default:wrong-password@');
  const refused = await start(wrong).catch((error: Error) => error);
  t.match(refused, { name: 'UnreachableError', message: /^REDIS_URL: / });
  t.notMatch(String(refused), /wrong-password/);
  t.match(
    await start(guarded.url.replace('redis://', 'redis://default:secret-of-redis@')).catch((e: Error) => e),
    {
      name: 'StartupError',
      message: /^DATABASE_URL: the PostgreSQL server cannot be reached/,
    },
  );
});
