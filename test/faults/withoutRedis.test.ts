/** Redis is gone for good: everything goes on as before, only a logout takes as long as the next renewal. */
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { createChecker } from './checker.ts';
import { startFaultCluster } from './faultRun.ts';
import { nodesOfTests } from './faultTests.ts';
import { startWorkload } from './workload.ts';

/** Nodes renew their leases, and are heard of by the database, twice in a second. */
const longestLogoutMs = 1_500;
const measuredMs = 4_000;

t.test('nothing fails, and logouts are quick', async (t) => {
  const cluster = await startFaultCluster(nodesOfTests);
  t.teardown(() => cluster.stop());
  const checker = createChecker();
  const workload = startWorkload(cluster, cluster.emails, checker);
  t.teardown(() => workload.stop());
  await eventually('the clients are at work', () => workload.counts.logouts >= 5, 20_000);

  await cluster.redis.stop();
  // For a moment a connection that has just broken may fail a call.
  await workload.runFor(cluster.leaseMilliseconds);
  const before = { ...checker.counts };
  workload.measureAnew();
  await workload.runFor(measuredMs);
  const { logins, refreshes, logouts, refused, longestAcknowledgementMs } = workload.counts;
  const { checks, unavailable } = checker.counts;
  await workload.stop();

  t.ok(logins >= 5 && refreshes >= 5 && logouts >= 5 && checks > before.checks + 100, 'there was a load');
  t.equal(refused, 0, 'no login, refresh or logout fails');
  t.equal(unavailable - before.unavailable, 0, 'every check is answered');
  t.ok(longestAcknowledgementMs <= longestLogoutMs, `a logout took ${longestAcknowledgementMs} ms`);
  t.strictSame(workload.unexpected, []);
  t.strictSame([...checker.notInEffect, ...checker.wronglyRevoked], []);
});
