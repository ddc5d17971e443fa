/** Redis is gone for good: everything goes on as before, only a logout takes as long as the next renewal. */
import pg from 'pg';
import t from 'tap';
import { propagationLimits } from '../../src/revocation/propagation/limits.ts';
import { createChecker } from '../revocation/faults/checker.ts';
import { startFaultCluster } from '../revocation/faults/faultRun.ts';
import { nodesOfTests } from '../revocation/faults/faultTests.ts';
import { startWorkload } from '../revocation/faults/workload.ts';
import { eventually } from '../support/eventually.ts';

const measuredMs = 4_000;

/** Notes each renewal of a node from now on, as the database sees them. */
const noteRenewals = `
  CREATE TABLE renewals AS SELECT id, clock_timestamp() AS at FROM nodes;
  CREATE FUNCTION note_renewal() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO renewals VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
  CREATE TRIGGER note_renewal AFTER UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION note_renewal()`;

/** The last of them is under way. */
const longestRenewal = `
  SELECT max(until - at) AS ms FROM (
    SELECT (extract(epoch FROM at) * 1000)::float8 AS at,
      (extract(epoch FROM lead(at, 1, clock_timestamp()) OVER (PARTITION BY id ORDER BY at)) * 1000)::float8 AS until
    FROM renewals)`;

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
  const database = new pg.Client({ connectionString: cluster.postgres.url });
  await database.connect();
  t.teardown(() => database.end());
  await database.query(noteRenewals);
  workload.measureAnew();
  await workload.runFor(measuredMs);
  const { logins, refreshes, logouts, refused, longestAcknowledgementMs } = workload.counts;
  const { checks, unavailable } = checker.counts;
  const { rows: renewals } = await database.query<{ ms: number }>(longestRenewal);
  await workload.stop();

  t.ok(logins >= 5 && refreshes >= 5 && logouts >= 5 && checks > before.checks + 100, 'there was a load');
  t.equal(refused, 0, 'no login, refresh or logout fails');
  t.equal(unavailable - before.unavailable, 0, 'every check is answered');
  // Every other node ends the renewal that was under way and makes one that reads the logout; the node that waits hears of
  // it by a renewal of its own. That these are regular has tests (test/revocation/propagation/renewalRuns.test.ts); a busy machine is slower.
  const longestLogoutMs = 3 * Math.max(propagationLimits.renewalMilliseconds, renewals[0]?.ms ?? 0);
  t.ok(
    longestAcknowledgementMs <= longestLogoutMs,
    `${longestAcknowledgementMs} ms, allowed ${longestLogoutMs} ms`,
  );
  t.strictSame(workload.unexpected, []);
  t.strictSame([...checker.notInEffect, ...checker.wronglyRevoked], []);
});
