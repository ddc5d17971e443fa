/**
 * The long form: 20 subscribers in 4 processes over 3 nodes, so many logouts a second, and each fault once; then 10,000 logouts with
 * the example services.
 */

import { runExamples } from '../../guard/exampleRun.ts';
import { startCluster } from '../../support/cluster.ts';
import { brokenPromises, heading, row } from './report.ts';
import { subscriberFaults } from './subscriberFaults.ts';
import { runSubscribers } from './subscriberRun.ts';

const frozenMilliseconds = 10_000;
const exampleLogouts = 10_000;
const warmUpLogouts = 3_000;

export async function runSubscriberFaults(parts: {
  readonly seconds: number;
  readonly logoutsPerSecond: number;
  readonly counts: { passed: number; failed: number };
  readonly print: (line: string) => void;
}): Promise<void> {
  const { seconds, logoutsPerSecond, counts, print } = parts;
  const options = { processes: 4, subscribersPerProcess: 5, logoutsPerSecond, seconds, warmUpLogouts };
  print(heading());
  for (const [name, fault] of Object.entries(subscriberFaults(frozenMilliseconds))) {
    // As it is by default: subscribers hold leases of 5 s.
    const cluster = await startCluster(3, { LEASE: '5s' }, { direct: true });
    try {
      const result = await runSubscribers(cluster, options, fault);
      print(row(name, result));
      const broken = brokenPromises(result, cluster);
      counts[broken.length === 0 ? 'passed' : 'failed'] += 1;
      for (const what of broken.slice(0, 20)) print(`  ${what}`);
    } finally {
      await cluster.stop();
    }
  }
  const cluster = await startCluster(2);
  try {
    const { logouts, wrong } = await runExamples(cluster, exampleLogouts);
    print(
      `example services: ${logouts - wrong.length} of ${logouts} refused in the first request after the logout`,
    );
    counts[wrong.length === 0 ? 'passed' : 'failed'] += 1;
  } finally {
    await cluster.stop();
  }
}
