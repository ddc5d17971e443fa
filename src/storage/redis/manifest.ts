/** The manifest of the shared copy: what is in it, and up to which position of the truth everything is. */
import { randomUUID } from 'node:crypto';
import { limits } from '../../core/limits.ts';
import { bloomGeometry } from '../../revocation/bloomFilter.ts';
import type { Position } from '../../revocation/position.ts';
import type { SliceKey, Stamp } from '../../revocation/projection.ts';
import { parseSliceName } from './keys.ts';

export interface ManifestSlice extends SliceKey {
  readonly name: string;
  readonly entries: number;
  /** How many bits of the bitmap are 1. */
  readonly bits: number;
  /** Capacities; the filters lie one after the other in the bitmap. */
  readonly layers: readonly number[];
}

export interface Manifest {
  readonly stamp: Stamp;
  /** The latest stamps, this one first. A copy that lists a stamp has descended from the one that bore it. */
  readonly trail: readonly Stamp[];
  /** Undefined while it is being rebuilt. */
  readonly position: Position | undefined;
  /** Milliseconds: slices up to here were given up by the clock of the server. */
  readonly ended: number;
  readonly slices: readonly ManifestSlice[];
}

/**
 * A stamp is a new word for every step of every writer. Were it made from the position, a failover that lost a step could
 * bring the same word back over less content, and the next step would complete what is not complete.
 */
export function newStamp(phase: 'rebuilding' | 'complete'): Stamp {
  return `${phase}:${randomUUID()}`;
}

export function isRebuilding(stamp: Stamp): boolean {
  return stamp.startsWith('rebuilding:');
}

/** Undefined when it has no stamp, or is not what our script writes: then nothing in it can be relied upon. */
export function parseManifest(fields: Readonly<Record<string, string>>): Manifest | undefined {
  const { stamp, trail = '', history, snapshot, ended = '0' } = fields;
  if (stamp === undefined || !/^\d+$/.test(ended)) return undefined;
  const slices = Object.entries(fields).flatMap(([name, text]) => {
    const key = parseSliceName(name);
    return key === undefined ? [] : [parseSlice(name, key, text)];
  });
  if (slices.includes(undefined)) return undefined;
  const position = !isRebuilding(stamp) && history && snapshot ? { history, snapshot } : undefined;
  return {
    stamp,
    trail: trail.split(' '),
    position,
    ended: Number(ended) * 1000,
    slices: slices as ManifestSlice[],
  };
}

function parseSlice(name: string, key: SliceKey, text: string): ManifestSlice | undefined {
  try {
    const { entries, bits, layers } = JSON.parse(text);
    const counts = [entries, bits, ...layers];
    if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
    const slice = { ...key, name, entries, bits, layers };
    return bitmapBytes(slice) <= limits.redisBitmapBytes ? slice : undefined;
  } catch {
    // Not JSON, or not of this shape.
    return undefined;
  }
}

export function layerBytes(capacity: number): number {
  return bloomGeometry(capacity, limits.bloomFalsePositives).bits / 8;
}

export function bitmapBytes({ layers }: Pick<ManifestSlice, 'layers'>): number {
  return layers.reduce((sum, capacity) => sum + layerBytes(capacity), 0);
}
