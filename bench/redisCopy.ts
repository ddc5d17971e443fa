/** The copy of the revocations in Redis, which a node fills when it starts: some seconds of its core for each million. */
import { eventually } from '../test/support/eventually.ts';
import type { RedisServer } from '../test/support/redis.ts';

const longestMs = 10 * 60_000;

/** Resolves when the copy is complete. */
export function waitForCopy(redis: RedisServer): Promise<unknown> {
  return eventually('the copy is complete', () => isStamped(redis), longestMs);
}

async function isStamped(redis: RedisServer): Promise<boolean> {
  const deployment = await redis.command('GET', 'countersign:deployment');
  const manifest = `countersign:{${String(deployment)}}:manifest`;
  return (await redis.command('HEXISTS', manifest, 'snapshot')) === 1;
}
