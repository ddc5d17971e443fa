/**
 * Bloom filters in time slices by expiry. Nothing is deleted from a filter: when the time of a slice has passed, the whole slice
 * is dropped. So memory holds only revocations whose tokens could still be live (I6). A slice that is full gets one more filter,
 * half as large as those that it has.
 */
import { verifierLimits } from '../limits.ts';
import { type BloomFilter, bloomGeometry, createBloomFilter, hashId, type IdHash } from './bloomFilter.ts';
import type { FilterLayer } from './projection.ts';

export interface SlicedFilter {
  /** Makes room for so many entries, in the slice for this expiry. */
  reserve(expiresAt: number, entries: number): void;
  /** Takes over filters of another process, for the slice that ends at this time. */
  adopt(endsAt: number, layers: readonly FilterLayer[]): void;
  add(subject: Uint8Array, expiresAt: number): void;
  /** False is final: this subject was never added, or has expired. */
  mayContain(subject: Uint8Array): boolean;
  /** The ends of the slices that may contain it. */
  slicesOf(subject: Uint8Array): readonly number[];
  /** What is in it now. The bytes are those of memory, and go on changing. */
  slices(): readonly { readonly endsAt: number; readonly layers: readonly FilterLayer[] }[];
  /** Drops every slice that ended at or before `now` (milliseconds). */
  dropExpired(now: number): void;
  stats(): FilterStats;
}

export interface FilterStats {
  readonly entries: number;
  /** How many entries there is room for. */
  readonly capacity: number;
  readonly bytes: number;
  readonly slices: number;
}

interface Slice {
  readonly endsAt: number;
  readonly filters: BloomFilter[];
}

function entriesOf(filters: readonly BloomFilter[]): number {
  return filters.reduce((sum, filter) => sum + filter.count(), 0);
}

function anyMayContain(filters: readonly BloomFilter[], hash: IdHash): boolean {
  for (const filter of filters) if (filter.mayContain(hash)) return true;
  return false;
}

function layerOf({ capacity, count, bits }: BloomFilter): FilterLayer {
  return { capacity, entries: count(), bytes: bits };
}

/** The end of the slice for entries that expire at this time; both in milliseconds since the Unix epoch. */
export function sliceEnd(expiresAt: number, sliceMs: number): number {
  return Math.ceil(expiresAt / sliceMs) * sliceMs;
}

/** Called before a filter of so many bytes is allocated. Throws to prevent that. */
export type BeforeGrowth = (bytes: number) => void;

/** `sliceMs`: how much time one slice covers. */
export function createSlicedFilter(sliceMs: number, beforeGrowth: BeforeGrowth = () => {}): SlicedFilter {
  const slices = new Map<number, Slice>();
  // The filters of all slices as one list, since every check looks through it.
  let filters: readonly BloomFilter[] = [];

  const relist = () => {
    filters = [...slices.values()].flatMap((slice) => slice.filters);
  };

  const sliceThatEnds = (endsAt: number): Slice => {
    const existing = slices.get(endsAt);
    if (existing !== undefined) return existing;
    const slice: Slice = { endsAt, filters: [] };
    slices.set(endsAt, slice);
    return slice;
  };

  const sliceOf = (expiresAt: number) => sliceThatEnds(sliceEnd(expiresAt, sliceMs));

  const grow = (slice: Slice, entries: number): BloomFilter => {
    const capacity = Math.max(verifierLimits.bloomFirstCapacity, entries);
    beforeGrowth(bloomGeometry(capacity, verifierLimits.bloomFalsePositives).bits / 8);
    const filter = createBloomFilter(capacity, verifierLimits.bloomFalsePositives);
    slice.filters.push(filter);
    relist();
    return filter;
  };

  const filterWithRoom = (slice: Slice): BloomFilter => {
    const last = slice.filters.at(-1);
    if (last !== undefined && last.count() < last.capacity) return last;
    // A new slice will hold about as much as the fullest one does.
    const fullest = Math.max(...[...slices.values()].map((other) => entriesOf(other.filters)));
    return grow(slice, Math.ceil((last === undefined ? fullest : entriesOf(slice.filters)) / 2));
  };

  return {
    reserve(expiresAt, entries) {
      grow(sliceOf(expiresAt), entries);
    },

    adopt(endsAt, layers) {
      const adopted = layers.map((layer) =>
        createBloomFilter(layer.capacity, verifierLimits.bloomFalsePositives, layer),
      );
      // In front: entries are added to the last filter.
      sliceThatEnds(endsAt).filters.unshift(...adopted);
      relist();
    },

    add(subject, expiresAt) {
      const slice = sliceOf(expiresAt);
      const hash = hashId(subject);
      // A repeated announcement must not fill the filter a second time.
      if (anyMayContain(slice.filters, hash)) return;
      filterWithRoom(slice).add(hash);
    },

    mayContain: (subject) => filters.length > 0 && anyMayContain(filters, hashId(subject)),

    slicesOf(subject) {
      const hash = hashId(subject);
      const hits = [...slices.values()].filter((slice) => anyMayContain(slice.filters, hash));
      return hits.map(({ endsAt }) => endsAt);
    },

    slices: () =>
      [...slices.values()].map(({ endsAt, filters }) => ({ endsAt, layers: filters.map(layerOf) })),

    dropExpired(now) {
      const expired = [...slices.keys()].filter((endsAt) => endsAt <= now);
      for (const endsAt of expired) slices.delete(endsAt);
      if (expired.length > 0) relist();
    },

    stats: () => ({
      entries: entriesOf(filters),
      capacity: filters.reduce((sum, filter) => sum + filter.capacity, 0),
      bytes: filters.reduce((sum, filter) => sum + filter.bytes, 0),
      slices: slices.size,
    }),
  };
}
