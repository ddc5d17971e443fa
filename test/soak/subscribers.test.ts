/** Subscribers in other processes, with the lease that is usual: no token is accepted after its logout was answered. */
import t from 'tap';
import { runExamples } from '../guard/exampleRun.ts';
import { brokenPromises, row } from '../revocation/subscribers/report.ts';
import { subscriberFaults } from '../revocation/subscribers/subscriberFaults.ts';
import { runSubscribers } from '../revocation/subscribers/subscriberRun.ts';
import { startCluster } from '../support/cluster.ts';

const options = {
  processes: 3,
  subscribersPerProcess: 4,
  logoutsPerSecond: 60,
  seconds: 20,
  warmUpLogouts: 100,
};
/** Longer than a lease. */
const frozenMilliseconds = 7_000;
const exampleLogouts = 3_000;
t.setTimeout(900_000);

for (const [name, fault] of Object.entries(subscriberFaults(frozenMilliseconds))) {
  t.test(name, async (t) => {
    const cluster = await startCluster(3, { LEASE: '5s' }, { direct: true });
    t.teardown(() => cluster.stop());
    const result = await runSubscribers(cluster, options, fault);
    t.comment(row(name, result));
    t.strictSame(brokenPromises(result, cluster), []);
    t.equal(result.acknowledged, options.logoutsPerSecond * options.seconds);
    t.ok(result.subscribersAsked >= options.subscribersPerProcess, 'subscribers have lived to the end');
    const checks = result.acknowledged * result.subscribersAsked;
    t.ok(result.checks >= checks, `each was asked about each token: ${row(name, result)}`);
  });
}

t.test('the example services refuse a token in the first request after its logout', async (t) => {
  const cluster = await startCluster(2);
  t.teardown(() => cluster.stop());
  const { logouts, wrong } = await runExamples(cluster, exampleLogouts);
  t.equal(logouts, exampleLogouts);
  t.strictSame(wrong, []);
});
