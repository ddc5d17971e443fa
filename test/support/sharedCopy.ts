/** Connections to a Redis of the test's own, and the shared copy of the deny-list in it. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Test } from 'tap';
import { parseRedisUrl } from '../../src/config/redisUrl.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Projection } from '../../src/revocation/projection.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { openRedis, type RedisConnection } from '../../src/storage/redis/connection.ts';
import { createKeys, type RedisKeys } from '../../src/storage/redis/keys.ts';
import { createProjection } from '../../src/storage/redis/projection.ts';

/** Closed at the end of the test. */
export async function openTestRedis(t: Test, url: string): Promise<RedisConnection> {
  const redis = await openRedis({ address: addressOf(url), clock: systemClock });
  t.teardown(() => redis.close());
  return redis;
}

export function addressOf(url: string) {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new Error(`not a REDIS_URL: ${url}`);
  return address;
}

export const sliceMs = 100_000;

export interface SharedCopy {
  readonly redis: RedisConnection;
  readonly keys: RedisKeys;
  readonly projection: Projection;
}

/** The copy of a new deployment, unless it is given the id of one. */
export async function openCopy(
  t: Test,
  url: string,
  deploymentId = randomUUID() as string,
): Promise<SharedCopy> {
  const redis = await openTestRedis(t, url);
  const keys = createKeys(deploymentId);
  return { redis, keys, projection: createProjection({ redis, keys, sliceMs }) };
}

/** Of sessions, or with 27 bytes of tokens; live for a while. */
export function someRevocations(count: number, { bytes = 16, expiresAt = inAWhile() } = {}): Revocation[] {
  return Array.from({ length: count }, () => ({ subject: randomBytes(bytes), reason: 'logout', expiresAt }));
}

/** In the middle of a time slice, so that what is near is in the same one. */
export function inAWhile(slices = 3): number {
  return (Math.floor(systemClock.now() / sliceMs) + slices) * sliceMs + sliceMs / 2;
}
