/** What a node does about signing keys that it could not look at: it signs nothing, and lets nobody keep its set. */
import { decodeProtectedHeader } from 'jose';
import t from 'tap';
import { password } from '../support/authority.ts';
import { type ClusterNode, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { createKeyClient } from '../support/keyClient.ts';

/** Rotations every two seconds leave half a second to look at the ring. */
const settings = {
  KEY_ROTATION_INTERVAL: '2s',
  JWKS_MAX_AGE: '1s',
  ACCESS_TOKEN_TTL: '20s',
  REFRESH_GRACE: '1s',
};
const body = { email: 'alice@example.com', password };

const jwksOf = (node: ClusterNode) => node.call('GET', '/.well-known/jwks.json');
const isCacheable = async (node: ClusterNode) =>
  (await jwksOf(node)).headers.get('cache-control') === 'public, max-age=1';

t.test('a node that cannot look, and one that slept', async (t) => {
  const cluster = await startCluster(2, settings);
  t.teardown(() => cluster.stop());
  const [first, second] = cluster.nodes as [ClusterNode, ClusterNode];
  const keys = createKeyClient(first.grpcAddress, cluster.serviceToken);
  t.teardown(() => keys.close());
  await first.call('POST', '/auth/register', { body });
  const activated = async () => (await keys.list()).filter(({ activateTimeMs }) => activateTimeMs > 0).length;
  const login = (node: ClusterNode) => node.call('POST', '/auth/login', { body });

  t.test('cut off from the database', async (t) => {
    await eventually('its set may be kept', () => isCacheable(second));
    second.lines.postgres.cut('broken');
    t.ok(
      await eventually('its set may not be kept', async () => {
        const { status, headers, body: set } = await jwksOf(second);
        return status === 200 && set.keys.length >= 2 && headers.get('cache-control') === 'no-cache';
      }),
    );
    const ready = await second.operations('GET', '/health/ready');
    t.match(ready, { status: 503, body: { parts: { key_ring: 'out of date' } } });
    t.equal((await login(second)).status, 503, 'and it signs nothing');
    second.lines.postgres.heal();
    await eventually('its set may be kept again', () => isCacheable(second));
    t.equal(await eventually('it signs', async () => (await login(second)).status === 200), true);
  });

  t.test('asleep for two rotations', async (t) => {
    const { body: old } = await login(second);
    second.freeze();
    const before = await activated();
    await eventually('two rotations', async () => (await activated()) >= before + 2, 15_000);
    second.thaw();
    const { status, body: fresh } = await login(second);
    t.equal(status, 200, 'its first sign-in looks at the ring before it signs');
    const state = (token: string) =>
      keys.list().then((all) => all.find(({ kid }) => kid === decodeProtectedHeader(token).kid)?.state);
    t.not(await state(old.access_token), 'KEY_STATE_ACTIVE');
    // The next rotation may have come in between.
    t.match(await state(fresh.access_token), /^KEY_STATE_(ACTIVE|RETIRING)$/);
    for (const node of [first, second]) {
      for (const { access_token: token } of [old, fresh]) {
        t.equal((await node.call('GET', '/auth/me', { token })).status, 200, node.name);
      }
    }
    const states = (await keys.list()).map((key) => key.state);
    t.equal(states.filter((each) => each === 'KEY_STATE_ACTIVE').length, 1);
    t.equal(states.filter((each) => each === 'KEY_STATE_NEXT').length, 1);
  });

  t.test('nothing of it was a defect', async (t) => {
    for (const node of cluster.nodes) t.strictSame(node.errors(), [], node.name);
  });
});
