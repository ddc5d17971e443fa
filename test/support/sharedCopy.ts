/** Connections to a Redis of the test's own, and the shared copy of the deny-list in it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import type { Projection, SliceKey } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import type { Test } from 'tap';
import { createAuthenticText } from '../../src/platform/authenticText.ts';
import { parseRedisUrl } from '../../src/platform/config/redisUrl.ts';
import { openRedis, type RedisConnection } from '../../src/storage/redis/connection.ts';
import { createKeys, type RedisKeys } from '../../src/storage/redis/keys.ts';
import { createProjection } from '../../src/storage/redis/projection.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { startAsAuthority } from './redisUsers.ts';
import { newSubjects } from './subjects.ts';

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

/** Of the nodes of the test, which have one KEY_ENCRYPTION_KEY. */
export const authentic = createAuthenticText([randomBytes(32)], 'redis');

export interface SharedCopy {
  readonly redis: RedisConnection;
  readonly keys: RedisKeys;
  readonly projection: Projection;
}

/** The copy of a new deployment, unless it is given the id of one. */
export async function openCopy(
  t: Test,
  url: string,
  deploymentId: string = randomUUID(),
): Promise<SharedCopy> {
  const redis = await openTestRedis(t, url);
  const keys = createKeys(deploymentId);
  return { redis, keys, projection: createProjection({ redis, keys, sliceMs }) };
}

/** Of sessions, or with 27 bytes of tokens; live for a while. */
export function someRevocations(count: number, { bytes = 16, expiresAt = inAWhile() } = {}): Revocation[] {
  return newSubjects(count, bytes).map((subject) => ({ subject, reason: 'logout', expiresAt }));
}

/** In the middle of a time slice, so that what is near is in the same one. */
export function inAWhile(slices = 3): number {
  return (Math.floor(systemClock.now() / sliceMs) + slices) * sliceMs + sliceMs / 2;
}

export const history = '7421337421337421337/1';
export const position = (snapshot: string) => ({ history, snapshot });

export function sliceOf({ subject, expiresAt }: Revocation): SliceKey {
  return { ofSessions: subject.length === 16, endsAt: sliceEnd(expiresAt, sliceMs) };
}

export function held(
  projection: Projection,
  revocations: readonly Revocation[],
): Promise<readonly boolean[]> {
  return projection.contains(
    revocations.map((revocation) => ({ subject: revocation.subject, slices: [sliceOf(revocation)] })),
  );
}

/** Rebuilds it from these, as of `1:2:`. */
export async function rebuild(projection: Projection, revocations: readonly Revocation[]): Promise<string> {
  const stamp = await projection.advance(await projection.beginRebuild(), revocations, position('1:2:'));
  if (stamp === undefined) throw new Error('overtaken');
  return stamp;
}

/** A server for the user that docs/redis.md gives the authority. */
export async function startFor(
  t: Test,
  start: () => Promise<RedisServer> = startRedis,
): Promise<RedisServer> {
  const server = await startAsAuthority(start);
  t.teardown(() => server.stop());
  return server;
}
