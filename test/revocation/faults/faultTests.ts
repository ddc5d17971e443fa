/** Each fault of a table as a test, one after the other on one cluster, which it returns: for a short time here, for a long one in test/soak. */
import type { Test } from 'tap';
import { type FaultCluster, runFault, startFaultCluster } from './faultRun.ts';
import type { Fault } from './faults.ts';
import { brokenPromises, row } from './report.ts';

/** Longer than a lease, so that one runs out. */
const shortest = 2_500;

/** How many nodes share the database. */
export const nodesOfTests = 3;

export async function testFaults(
  t: Test,
  faults: Readonly<Record<string, Fault>>,
  activeMilliseconds = shortest,
): Promise<FaultCluster> {
  const cluster = await startFaultCluster(nodesOfTests);
  t.teardown(() => cluster.stop());
  for (const [name, fault] of Object.entries(faults)) {
    await t.test(name, async (t) => {
      const result = await runFault(cluster, fault, activeMilliseconds);
      t.comment(row(name, result));
      t.strictSame(brokenPromises(result), []);
      t.ok(result.checks > 100 && result.acknowledged >= 5, `there was a load: ${row(name, result)}`);
    });
  }
  return cluster;
}
