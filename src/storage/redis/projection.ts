/**
 * The shared copy of the deny-list, in Redis. Owns its layout, which others may read too (docs/redis.md): a manifest, and a set
 * of raw ids per time slice. Does not own when it is written, or by whom.
 */
import { randomUUID } from 'node:crypto';
import type { Candidate, Projection, Stamp } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import type { RedisConnection } from './connection.ts';
import { isSession, type RedisKeys, sliceName } from './keys.ts';
import { redisLimits } from './limits.ts';
import { runOnOwn } from './ownKey.ts';
import { loadScript } from './script.ts';

/** `sliceMs`: the time one slice covers, a multiple of a second. */
export function createProjection(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: RedisKeys;
  sliceMs: number;
}): Projection {
  const { redis, keys, sliceMs } = parts;
  const { manifest } = keys;
  const script = loadScript(new URL('./project-2.lua', import.meta.url));

  /** Returns whether the copy had the expected stamp. */
  const project = async (step: Step): Promise<boolean> => {
    const { batch, from = '', next = '', history = '', snapshot = '' } = step;
    const names = [manifest, batch ? keys.set(batch.slice) : manifest];
    const ids = batch ? [batch.slice, batch.idBytes, batch.ids] : ['', 0, ''];
    const parameters = [from, next, history, snapshot, ...ids, redisLimits.redisSliceMarginSeconds];
    return (await runOnOwn(redis, manifest, (commands) => script(commands, names, parameters))) === 1;
  };

  return {
    async add(revocations) {
      for (const batch of batches(revocations, sliceMs)) await project({ batch });
    },

    contains: (candidates) => isMember(redis, keys, candidates),

    async stamped(history) {
      const fields = ['stamp', 'history', 'snapshot'] as const;
      const [stamp, ofHistory, snapshot] = await runOnOwn(redis, manifest, (commands) =>
        commands.hmget(manifest, ...fields),
      );
      if (!stamp || !snapshot || isRebuilding(stamp) || ofHistory !== history) return undefined;
      return { stamp, position: { history, snapshot } };
    },

    age: () =>
      runOnOwn(redis, manifest, async (commands) => {
        const [at, [seconds, microseconds]] = await Promise.all([
          commands.hget(manifest, 'stamped_at'),
          commands.time(),
        ]);
        if (at === null) return undefined;
        return Math.max(0, Number(seconds) * 1000 + Number(microseconds) / 1000 - Number(at));
      }),

    async advance(stamp, revocations, to) {
      const steps: (Batch | undefined)[] = batches(revocations, sliceMs);
      if (steps.length === 0) steps.push(undefined);
      let from = stamp;
      for (const [index, batch] of steps.entries()) {
        // Only the last step may declare the copy complete.
        const position = index === steps.length - 1 ? to : undefined;
        const next = newStamp(isRebuilding(from) && position === undefined ? 'rebuilding' : 'complete');
        if (!(await project({ batch, from, next, ...position }))) return undefined;
        from = next;
      }
      return from;
    },

    async beginRebuild() {
      const stamp = newStamp('rebuilding');
      await redis.run(async (commands) =>
        answersOf(await commands.multi().unlink(manifest).hset(manifest, { stamp }).exec()),
      );
      return stamp;
    },
  };
}

/**
 * A stamp is new for every step of every writer. Derived from the position, a failover that lost a step could restore the same
 * stamp over less content, and the next step would complete an incomplete copy.
 */
function newStamp(phase: 'rebuilding' | 'complete'): Stamp {
  return `${phase}:${randomUUID()}`;
}

function isRebuilding(stamp: Stamp): boolean {
  return stamp.startsWith('rebuilding:');
}

interface Step {
  readonly batch: Batch | undefined;
  readonly from?: string;
  readonly next?: string;
  readonly history?: string;
  readonly snapshot?: string;
}

/** Ids of one slice, as the script reads them. */
interface Batch {
  readonly slice: string;
  readonly idBytes: number;
  readonly ids: Buffer;
}

function batches(revocations: readonly Revocation[], sliceMs: number): Batch[] {
  const slices = new Map<string, Uint8Array[]>();
  for (const { subject, expiresAt } of revocations) {
    const slice = sliceName({ ofSessions: isSession(subject), endsAt: sliceEnd(expiresAt, sliceMs) });
    const subjects = slices.get(slice);
    if (subjects === undefined) slices.set(slice, [subject]);
    else subjects.push(subject);
  }
  const made: Batch[] = [];
  for (const [slice, subjects] of slices) {
    for (let start = 0; start < subjects.length; start += redisLimits.redisScriptIds) {
      const some = subjects.slice(start, start + redisLimits.redisScriptIds);
      made.push({ slice, idBytes: (some[0] as Uint8Array).length, ids: Buffer.concat(some) });
    }
  }
  return made;
}

async function isMember(
  redis: Pick<RedisConnection, 'run'>,
  keys: RedisKeys,
  candidates: readonly Candidate[],
): Promise<boolean[]> {
  const groups = new Map<string, { subject: Buffer; index: number }[]>();
  for (const [index, { subject, slices }] of candidates.entries()) {
    const member = { subject: Buffer.from(subject), index };
    for (const slice of slices.map(sliceName)) {
      const members = groups.get(slice);
      if (members === undefined) groups.set(slice, [member]);
      else members.push(member);
    }
  }
  const found = candidates.map(() => false);
  if (groups.size === 0) return found;
  const answers = await redis.run(async (commands) => {
    const pipeline = commands.pipeline();
    for (const [slice, members] of groups) {
      pipeline.smismember(keys.set(slice), ...members.map(({ subject }) => subject));
    }
    return answersOf<number[]>(await pipeline.exec());
  });
  for (const [number, members] of [...groups.values()].entries()) {
    for (const [place, { index }] of members.entries()) {
      if (answers[number]?.[place] === 1) found[index] = true;
    }
  }
  return found;
}

/** Throws the first error: a partial answer is useless. */
function answersOf<T>(results: [Error | null, unknown][] | null): T[] {
  if (results === null) throw new Error('not executed');
  const failed = results.find(([error]) => error !== null)?.[0];
  if (failed) throw failed;
  return results.map(([, answer]) => answer as T);
}
