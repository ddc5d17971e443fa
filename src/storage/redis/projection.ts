/**
 * The shared copy of the deny-list, in Redis. Owns its layout, which others may read too (docs/redis.md): a manifest,
 * and for each time slice a set of raw ids and a bitmap of its filters. Does not own when it is written, or by whom.
 */
import { limits } from '../../core/limits.ts';
import { bloomBitsPerEntry, bloomGeometry, hashId } from '../../revocation/bloomFilter.ts';
import type { Candidate, Projection } from '../../revocation/projection.ts';
import type { Revocation, SliceCount } from '../../revocation/revocation.ts';
import { sliceEnd } from '../../revocation/slicedFilter.ts';
import type { Commands } from './client.ts';
import type { RedisConnection } from './connection.ts';
import { isSession, parseSliceName, type RedisKeys, sliceName } from './keys.ts';
import { loadCopy, readManifest } from './load.ts';
import { isRebuilding, layerBytes, newStamp } from './manifest.ts';
import { loadScript } from './script.ts';

/** `sliceMs`: how much time one slice covers, a multiple of a second. Slices of other lengths are read all the same. */
export function createProjection(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: RedisKeys;
  sliceMs: number;
}): Projection {
  const { redis, keys, sliceMs } = parts;
  const script = loadScript(new URL('./project-3.lua', import.meta.url));

  /** Answers whether the copy bore the stamp that was asked for. */
  const project = async (step: Step): Promise<boolean> => {
    const { batch, from = '', next = '', history = '', snapshot = '' } = step;
    const { manifest } = keys;
    const names = batch
      ? [manifest, keys.set(batch.slice), keys.bloom(batch.slice)]
      : [manifest, manifest, manifest];
    const parameters = [
      ...[from, next, history, snapshot],
      ...(batch ? [batch.slice, batch.idBytes, batch.records] : ['', 0, '']),
      ...layout,
    ];
    return (await redis.run((commands) => script(commands, names, parameters))) === 1;
  };

  return {
    async add(revocations) {
      for (const batch of batches(revocations, sliceMs)) await project({ batch });
    },

    contains: (candidates) => isMember(redis, keys, candidates),

    load: (history, now) => loadCopy(parts, history, now),

    async stamped(history) {
      const manifest = await readManifest(parts);
      if (manifest?.position?.history !== history) return undefined;
      return { stamp: manifest.stamp, position: manifest.position };
    },

    age: () =>
      redis.run(async (commands) => {
        const [at, [seconds, microseconds]] = await Promise.all([
          commands.hget(keys.manifest, 'stamped_at'),
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
        // Only the last one may say that everything is there.
        const position = index === steps.length - 1 ? to : undefined;
        const next = newStamp(isRebuilding(from) && position === undefined ? 'rebuilding' : 'complete');
        if (!(await project({ batch, from, next, ...position }))) return undefined;
        from = next;
      }
      return from;
    },

    async beginRebuild(counts) {
      const fields = await redis.run((commands) => commands.hkeys(keys.manifest));
      const known = fields.filter((field) => parseSliceName(field) !== undefined);
      const stamp = newStamp('rebuilding');
      await redis.run((commands) => startOver(commands, keys, { stamp, known, counts }));
      return stamp;
    },
  };
}

/** The end of the script's parameters. */
const layout = [
  limits.redisSliceMarginSeconds,
  limits.bloomFirstCapacity,
  bloomBitsPerEntry(limits.bloomFalsePositives),
  bloomGeometry(limits.bloomFirstCapacity, limits.bloomFalsePositives).probes,
  limits.redisTrailSteps,
];

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
  readonly records: Buffer;
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
    for (let start = 0; start < subjects.length; start += limits.redisScriptIds) {
      const some = subjects.slice(start, start + limits.redisScriptIds);
      made.push({
        slice,
        idBytes: (some[0] as Uint8Array).length,
        records: Buffer.concat(some.map(toRecord)),
      });
    }
  }
  return made;
}

function toRecord(subject: Uint8Array): Buffer {
  const { first, second } = hashId(subject);
  const record = Buffer.allocUnsafe(8 + subject.length);
  record.writeUInt32LE(first >>> 0, 0);
  record.writeUInt32LE(second >>> 0, 4);
  record.set(subject, 8);
  return record;
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

/** For what arrives while it is built. */
const rebuildRoom = 0.1;

async function startOver(
  commands: Commands,
  keys: RedisKeys,
  about: { stamp: string; known: readonly string[]; counts: readonly SliceCount[] },
): Promise<void> {
  const { stamp, known, counts } = about;
  const slices = counts.map((count) => ({
    slice: sliceName(count),
    capacity: Math.max(limits.bloomFirstCapacity, count.entries + Math.ceil(count.entries * rebuildRoom)),
    keepUntil: Math.ceil(count.endsAt / 1000) + limits.redisSliceMarginSeconds,
  }));
  const names = new Set([...known, ...slices.map(({ slice }) => slice)]);
  const transaction = commands.multi().unlink(keys.manifest, ...[...names].map(keys.bloom));
  transaction.hset(keys.manifest, { stamp, trail: stamp });
  for (const { slice, capacity, keepUntil } of slices) {
    transaction
      .setrange(keys.bloom(slice), layerBytes(capacity) - 1, '\0')
      .expireat(keys.bloom(slice), keepUntil);
    transaction.hset(keys.manifest, slice, JSON.stringify({ entries: 0, bits: 0, layers: [capacity] }));
  }
  answersOf(await transaction.exec());
}

/** Throws the first error among them: half of an answer is none. */
function answersOf<T>(results: [Error | null, unknown][] | null): T[] {
  if (results === null) throw new Error('not executed');
  const failed = results.find(([error]) => error !== null)?.[0];
  if (failed) throw failed;
  return results.map(([, answer]) => answer as T);
}
