/** A subscriber that cannot reach any node: it goes on until its lease ends, then refuses, and comes back by itself. */
import type { Test } from 'tap';
import { createGuard } from '../../../packages/guard/src/index.ts';
import type { Cluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { seedSessions } from '../../support/seededSessions.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';

const recoveryMilliseconds = 2_000;

export async function cutOff(t: Test, cluster: Cluster): Promise<void> {
  const portOf = (address: string) => Number(address.split(':').at(-1));
  const lines = await Promise.all(cluster.nodes.map((node) => startTcpProxy(portOf(node.grpcAddress))));
  t.teardown(() => Promise.all(lines.map((line) => line.close())));
  const [live, first, second] = await seedSessions(cluster, 3);
  const { serviceToken } = cluster;
  const authority = lines.map(({ port }) => `127.0.0.1:${port}`);
  let lostAt = Number.NaN;
  const lease = (held: boolean) => {
    if (!held) lostAt = performance.now();
  };
  const guard = createGuard({ authority, serviceToken, audience: 'countersign', hooks: { lease } });
  t.teardown(() => guard.close());
  await guard.ready();

  const outcome = async (token = '') =>
    guard.verify(token).then(
      () => 'accepted',
      (error) => error.status as number,
    );
  const logOut = async (token = '') => {
    const began = performance.now();
    const { status } = await cluster.nodes[0].call('POST', '/auth/logout', { token });
    t.equal(status, 204);
    return performance.now() - began;
  };

  for (const [how, session] of [
    ['silent', first],
    ['broken', second],
  ] as const) {
    await t.test(how, async (t) => {
      t.equal(await outcome(session?.token), 'accepted');
      const cutAt = performance.now();
      for (const line of lines) line.cut(how);
      t.equal(await outcome(live?.token), 'accepted', 'its lease goes on');
      // The subscriber cannot be told: nobody is told of the logout before the subscriber's lease is over.
      await logOut(session?.token);
      t.equal(await outcome(session?.token), 503, 'from the answer on it is refused');
      t.match(guard.state(), { status: 'no_lease' }, 'and says so');
      t.equal(await outcome(live?.token), 503, 'as is every other token');
      t.ok(lostAt - cutAt <= cluster.leaseMilliseconds + 100, `within its lease: ${lostAt - cutAt} ms`);

      for (const line of lines) line.heal();
      const healedAt = performance.now();
      await eventually('it is back', () => guard.state().status === 'leased');
      const recovered = performance.now() - healedAt;
      t.ok(recovered < recoveryMilliseconds, `by itself: ${recovered.toFixed(0)} ms`);
      t.equal(await outcome(live?.token), 'accepted');
      t.equal(await outcome(session?.token), 401);
      t.ok((await logOut((await seedSessions(cluster, 1))[0]?.token)) < 1_000, 'nobody waits for it');
    });
  }
}
