/** Two authorities on a PostgreSQL server that goes away and comes back. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import { transportLimits } from '../../../src/transport/limits.ts';
import { password, startAuthority } from '../../support/authority.ts';
import { claimsOf, statusOf } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startRedis } from '../../support/redis.ts';

t.test('PostgreSQL is killed and started again', async (t) => {
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]));
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    LEASE: '2s',
  };
  const authority = await startAuthority({ env });
  t.teardown(() => authority.stop());
  const other = await startAuthority({ env });
  t.teardown(() => other.stop());
  const { call, grpc, refresh } = authority;
  await authority.register('alice@example.com');
  const dead = await authority.login('alice@example.com');
  const live = await authority.login('alice@example.com');
  const deadJti = claimsOf(dead.access_token).jti;
  const liveJti = claimsOf(live.access_token).jti;
  t.equal((await call('POST', '/auth/logout', { token: dead.access_token })).status, 204);

  for (const node of [authority, other]) {
    t.match(await node.grpc.isRevoked(deadJti), { revoked: true }, 'on both nodes at once');
  }

  await postgres.kill('SIGKILL');
  // What was revoked is remembered; what was not is answered from memory for as long as the lease is good.
  for (const node of [authority, other]) {
    t.match(await node.grpc.isRevoked(deadJti), { revoked: true });
    t.equal((await node.grpc.introspect(dead.access_token)).active, false);
    t.equal((await node.call('GET', '/auth/me', { token: dead.access_token })).status, 401);
  }
  const notLoggedOut = await call('POST', '/auth/logout', { token: live.access_token });
  t.match(
    [notLoggedOut.status, notLoggedOut.body.code],
    [503, 'unavailable'],
    'a logout is not acknowledged',
  );
  t.ok(notLoggedOut.headers.get('retry-after'));
  const counted = /^countersign_effect_failures_total\{reason="database"\} 1$/m;
  t.match((await authority.operations('GET', '/metrics')).body, counted, 'and that is what to alert on');
  t.equal((await refresh(live.refresh_token)).status, 503);
  const leaseIsOver = async () => (await statusOf(grpc.isRevoked(liveJti))) === 'UNAVAILABLE';
  t.ok(await eventually('nothing is answered from memory without a lease', leaseIsOver));
  const notReady = await authority.operations('GET', '/health/ready');
  t.match([notReady.status, notReady.body.parts.database], [503, 'does not answer']);
  const { parts } = (await call('GET', '/health/ready')).body;
  t.match(parts, { database: 'not_ready', key_ring: /^(not_)?ready$/ }, 'strangers are not told why');
  t.notMatch(JSON.stringify(parts), /answer|lease/);

  await postgres.start();
  const ready = async () => (await call('GET', '/health/ready')).status === 200;
  t.ok(await eventually('it is ready again by itself', ready, 20_000));
  // UNAVAILABLE is allowed for a while, a wrong answer never.
  const verdict = (jti: string) => eventually('a check is answered', () => other.grpc.isRevoked(jti));
  t.match(await verdict(deadJti), { revoked: true });
  t.match(await verdict(liveJti), { revoked: false });
  const refreshed = async () => (await refresh(live.refresh_token)).status === 200;
  t.ok(await eventually('an acknowledged session still refreshes', refreshed));
  const logout = async () =>
    (await call('POST', '/auth/logout', { token: live.access_token })).status === 204;
  t.ok(await eventually('the client tries again', logout));
  t.match(await verdict(liveJti), { revoked: true });
});

t.test('PostgreSQL is frozen for longer than anybody waits', async (t) => {
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  t.teardown(() => Promise.all([postgres.stop(), redis.stop()]));
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const authority = await startAuthority({ env });
  t.teardown(() => authority.stop());
  const other = await startAuthority({ env });
  const { call, refresh } = authority;
  await authority.register('alice@example.com');
  const { access_token: token, refresh_token } = await authority.login('alice@example.com');
  await postgres.freeze();
  const answers = await Promise.all([
    call('POST', '/auth/login', { body: { email: 'alice@example.com', password } }),
    refresh(refresh_token),
    call('GET', '/auth/sessions', { token }),
    call('POST', '/auth/logout', { token }),
  ]);
  for (const { status, body } of answers) t.match([status, body.code], [503, 'unavailable']);
  const before = performance.now();
  await other.stop();
  t.ok(performance.now() - before < transportLimits.stopMilliseconds, 'a node stops all the same');
  postgres.thaw();
  const ready = async () => (await call('GET', '/health/ready')).status === 200;
  t.ok(await eventually('it is ready again by itself', ready, 20_000));
  t.notMatch(authority.log(), /"level":"error"/, 'and nobody was woken');
});
