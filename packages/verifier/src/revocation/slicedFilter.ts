/**
 * Bloom filters in time slices by expiry. Nothing is ever deleted from a filter: when a slice's time has passed, the
 * whole slice is dropped, so memory holds only what could still be live (I6) without a clean-up of single entries.
 * A slice that fills up is given a further filter, half as large as all it has; its full ones stay as they are.
 */
import { verifierLimits } from '../limits.ts';
import { type BloomFilter, bloomGeometry, createBloomFilter, hashId, type IdHash } from './bloomFilter.ts';
import type { FilterLayer } from './projection.ts';

export interface SlicedFilter {
  /** Makes room for this many entries that are about to be added to the slice of this time. */
  reserve(expiresAt: number, entries: number): void;
  /** Takes over filters that were made elsewhere, for the slice that ends at this time. */
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

function entriesOf({ filters }: Slice): number {
  return filters.reduce((sum, filter) => sum + filter.count(), 0);
}

/** When the slice ends that holds what expires at this time; both in milliseconds since the Unix epoch. */
export function sliceEnd(expiresAt: number, sliceMs: number): number {
  return Math.ceil(expiresAt / sliceMs) * sliceMs;
}

/** Told before memory is taken for a filter of so many bytes. What it throws prevents that. */
export type BeforeGrowth = (bytes: number) => void;

/** `sliceMs`: how much time one slice covers. */
export function createSlicedFilter(sliceMs: number, beforeGrowth: BeforeGrowth = () => {}): SlicedFilter {
  const slices = new Map<number, Slice>();
  // The same filters as one list, for the path that every check takes.
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
    const fullest = Math.max(...[...slices.values()].map(entriesOf));
    return grow(slice, Math.ceil((last === undefined ? fullest : entriesOf(slice)) / 2));
  };

  const anyMayContain = (hash: IdHash): boolean => {
    for (const filter of filters) if (filter.mayContain(hash)) return true;
    return false;
  };

  return {
    reserve(expiresAt, entries) {
      grow(sliceOf(expiresAt), entries);
    },

    adopt(endsAt, layers) {
      // In front, so that the last one goes on being filled.
      sliceThatEnds(endsAt).filters.unshift(
        ...layers.map((layer) =>
          createBloomFilter(layer.capacity, verifierLimits.bloomFalsePositives, layer),
        ),
      );
      relist();
    },

    add(subject, expiresAt) {
      const slice = sliceOf(expiresAt);
      const hash = hashId(subject);
      // A repeated announcement must not fill the filter a second time.
      if (slice.filters.some((filter) => filter.mayContain(hash))) return;
      filterWithRoom(slice).add(hash);
    },

    mayContain: (subject) => filters.length > 0 && anyMayContain(hashId(subject)),

    slicesOf(subject) {
      const hash = hashId(subject);
      const hits = [...slices.values()].filter((slice) =>
        slice.filters.some((filter) => filter.mayContain(hash)),
      );
      return hits.map(({ endsAt }) => endsAt);
    },

    slices: () =>
      [...slices.values()].map(({ endsAt, filters }) => ({
        endsAt,
        layers: filters.map(({ capacity, count, bits }) => ({ capacity, entries: count(), bytes: bits })),
      })),

    dropExpired(now) {
      const expired = [...slices.keys()].filter((endsAt) => endsAt <= now);
      for (const endsAt of expired) slices.delete(endsAt);
      if (expired.length > 0) relist();
    },

    stats: () => ({
      entries: filters.reduce((sum, filter) => sum + filter.count(), 0),
      capacity: filters.reduce((sum, filter) => sum + filter.capacity, 0),
      bytes: filters.reduce((sum, filter) => sum + filter.bytes, 0),
      slices: slices.size,
    }),
  };
}
