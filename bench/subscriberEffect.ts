/** Three nodes and 20 subscribers in four processes, on an otherwise idle machine: how long a logout takes until all of them know. */
import { Redis } from 'ioredis';
import { startSubscribers } from '../test/revocation/subscribers/subscriberRun.ts';
import { startCluster } from '../test/support/cluster.ts';
import { seedSessions } from '../test/support/seededSessions.ts';
import { durable } from './durable.ts';
import { atMost, median, type Row } from './measure.ts';

const logouts = 1_000;
const warmUp = 50;
const [processes, subscribersPerProcess] = [4, 5];

export async function subscriberEffectRows(): Promise<readonly Row[]> {
  const cluster = await startCluster(3, { LEASE: '5s' }, { direct: true, database: durable });
  const plain = new Redis(cluster.redis.port);
  const subscribers = await Promise.all(
    Array.from({ length: processes }, () => startSubscribers(cluster, subscribersPerProcess)),
  );
  try {
    const sessions = await seedSessions(cluster, logouts + warmUp);
    const took: number[] = [];
    const pings: number[] = [];
    for (const [index, { token }] of sessions.entries()) {
      const node = cluster.nodes[index % cluster.nodes.length];
      const pinged = performance.now();
      await plain.ping();
      const began = performance.now();
      await node?.call('POST', '/auth/logout', { token });
      if (index < warmUp) continue;
      pings.push(began - pinged);
      took.push(performance.now() - began);
    }
    const roundTrip = median(pings);
    const sorted = took.toSorted((one, other) => one - other);
    const row = (what: string, share: number, reach: number): Row => {
      const ours = sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
      return {
        what: `logout → in effect on 3 nodes and ${processes * subscribersPerProcess} subscribers, ${what} of ${logouts}`,
        yardstick: `${roundTrip.toFixed(2)} ms (PING of Redis)`,
        ours: `${ours.toFixed(2)} ms`,
        ratio: (ours / roundTrip).toFixed(1),
        reach: `≤ ${reach} ms`,
        verdict: atMost(ours, reach),
      };
    };
    return [row('p50', 0.5, 10), row('p99', 0.99, 50)];
  } finally {
    plain.disconnect();
    await Promise.all(subscribers.map((each) => each.kill()));
    await cluster.stop();
  }
}
