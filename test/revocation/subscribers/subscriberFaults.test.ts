/** Subscribers in other processes: no token is accepted after its logout was answered. All faults, for longer, are in test/soak. */
import t from 'tap';
import { startCluster } from '../../support/cluster.ts';
import { cutOff } from './cutOff.ts';
import { brokenPromises, row } from './report.ts';
import { subscriberFaults } from './subscriberFaults.ts';
import { runSubscribers, type SubscriberFault } from './subscriberRun.ts';

const options = {
  processes: 2,
  subscribersPerProcess: 4,
  logoutsPerSecond: 50,
  seconds: 4,
  warmUpLogouts: 0,
};
/** Longer than the lease of a test cluster. */
const frozenMilliseconds = 3_000;

t.test('subscribers', async (t) => {
  const cluster = await startCluster(3);
  t.teardown(() => cluster.stop());
  await t.test('cut off from all nodes', (t) => cutOff(t, cluster));
  const faults = subscriberFaults(frozenMilliseconds);
  const name = 'a node is killed';
  await t.test(name, async (t) => {
    const result = await runSubscribers(cluster, options, faults[name] as SubscriberFault);
    t.comment(row(name, result));
    t.strictSame(brokenPromises(result, cluster), []);
    const logouts = options.logoutsPerSecond * options.seconds;
    t.equal(result.acknowledged, logouts);
    t.ok(result.subscribersAsked >= options.subscribersPerProcess, 'subscribers have lived to the end');
    t.ok(
      result.checks >= logouts * result.subscribersAsked,
      `each was asked about each token: ${row(name, result)}`,
    );
  });
});
