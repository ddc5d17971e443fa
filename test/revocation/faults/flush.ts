/** What direct readers and nodes that start find in Redis is there again soon after a flush. */
import type { Test } from 'tap';
import { eventually } from '../../support/eventually.ts';
import type { RedisServer } from '../../support/redis.ts';
import { createChecker } from './checker.ts';
import type { FaultCluster } from './faultRun.ts';
import { startWorkload } from './workload.ts';

const repairedWithinMs = 10_000;
const keyShape = /^countersign:\{[^}]+\}:(?<kind>manifest|memory|set:(sessions|tokens):\d+)$/;

/** Sets and saved memory are back after FLUSHALL. */
export async function flushIsRepaired(t: Test, cluster: FaultCluster): Promise<void> {
  const { redis } = cluster;
  const workload = startWorkload(cluster, cluster.emails, createChecker());
  await eventually('sessions have ended', () => workload.counts.logouts >= 5, 20_000);
  await workload.stop();
  const before = await eventually('Redis has them', async () => {
    const found = await membersByKey(redis);
    return isComplete(found) && found;
  });

  await redis.command('FLUSHALL');
  const asBefore = async () => {
    const now = await membersByKey(redis);
    return isComplete(now) && [...before].every(([key, members]) => (now.get(key) ?? 0) >= members);
  };
  t.ok(await eventually('everything is there again', asBefore, repairedWithinMs));
}

/** Of each key of ours how many members it has; a key that is no set has one. */
async function membersByKey(redis: RedisServer): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  let cursor = '0';
  do {
    const [next, keys] = (await redis.command('SCAN', cursor, 'MATCH', 'countersign:*')) as [
      string,
      string[],
    ];
    for (const key of keys) {
      const isSet = key.includes(':set:');
      if (keyShape.test(key)) found.set(key, isSet ? Number(await redis.command('SCARD', key)) : 1);
    }
    cursor = next;
  } while (cursor !== '0');
  return found;
}

function isComplete(found: ReadonlyMap<string, number>): boolean {
  const has = (kind: string) => [...found.keys()].some((key) => key.includes(kind));
  return has(':manifest') && has(':set:sessions:') && has(':memory');
}
