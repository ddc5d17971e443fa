/** Reads the whole copy, for a node that starts; and believes it only when nothing can be missing from it. */
import { limits } from '../../core/limits.ts';
import type { Position } from '../../revocation/position.ts';
import type { FilterLayer, ProjectedSlice } from '../../revocation/projection.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { bitmapBytes, layerBytes, type Manifest, type ManifestSlice, parseManifest } from './manifest.ts';

interface Parts {
  readonly redis: Pick<RedisConnection, 'run'>;
  readonly keys: RedisKeys;
}

/** Undefined when there is none that could be relied upon. */
export function readManifest({ redis, keys }: Pick<Parts, 'redis' | 'keys'>): Promise<Manifest | undefined> {
  return redis.run(async (commands) => parseManifest(await commands.hgetall(keys.manifest)));
}

/**
 * The manifest is read before the bitmaps and after them. Bits are only ever added, so what was read holds at least
 * what the first manifest promises, provided that the second one descends from it: no failover has taken steps back.
 */
export async function loadCopy(
  parts: Parts,
  history: string,
  now: number,
): Promise<{ position: Position; slices: readonly ProjectedSlice[] } | undefined> {
  const before = await readManifest(parts);
  if (before?.position?.history !== history) return undefined;
  const live = before.slices.filter(({ endsAt }) => endsAt > now);
  const bitmaps: Uint8Array[] = [];
  for (const slice of live) {
    const bitmap = await readBitmap(parts, slice);
    if (bitmap === undefined) return undefined;
    bitmaps.push(bitmap);
  }
  const after = await readManifest(parts);
  // Given up by the clock of the server, but not over for us.
  if (after === undefined || !after.trail.includes(before.stamp) || after.ended > now) return undefined;
  const most = new Map(after.slices.map(({ name, bits }) => [name, bits]));
  const slices = live.flatMap((slice, index): ProjectedSlice[] => {
    const bitmap = bitmaps[index] as Uint8Array;
    const bits = countBits(bitmap);
    if (bits < slice.bits || bits > (most.get(slice.name) ?? -1)) return [];
    return [{ ofSessions: slice.ofSessions, endsAt: slice.endsAt, layers: layersOf(slice, bitmap) }];
  });
  return slices.length === live.length ? { position: before.position, slices } : undefined;
}

/** Undefined when a key of the slice is not there or is shorter than it was. */
async function readBitmap({ redis, keys }: Parts, slice: ManifestSlice): Promise<Uint8Array | undefined> {
  const { name, entries } = slice;
  const size = bitmapBytes(slice);
  const [length, sets] = await redis.run((commands) =>
    Promise.all([commands.strlen(keys.bloom(name)), commands.exists(keys.set(name))]),
  );
  if (length < size || (entries > 0 && sets === 0)) return undefined;
  const bitmap = new Uint8Array(size);
  for (let start = 0; start < size; start += limits.redisReadBytes) {
    const end = Math.min(start + limits.redisReadBytes, size);
    const bytes = await redis.run((commands) => commands.getrangeBuffer(keys.bloom(name), start, end - 1));
    if (bytes.length !== end - start) return undefined;
    bitmap.set(bytes, start);
  }
  return bitmap;
}

function layersOf({ layers, entries }: ManifestSlice, bitmap: Uint8Array): FilterLayer[] {
  let start = 0;
  let left = entries;
  return layers.map((capacity) => {
    const bytes = bitmap.subarray(start, start + layerBytes(capacity));
    const layer = { capacity, entries: Math.min(capacity, left), bytes };
    start += bytes.length;
    left -= layer.entries;
    return layer;
  });
}

/** The bitmap starts its own buffer and consists of whole 32-bit words. */
function countBits(bitmap: Uint8Array): number {
  let count = 0;
  for (const word of new Uint32Array(bitmap.buffer)) {
    // Adds neighbouring bits, then pairs, then nibbles, then bytes (Warren, Hacker's Delight §5-1).
    const pairs = word - ((word >>> 1) & 0x55555555);
    const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
    count += Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
