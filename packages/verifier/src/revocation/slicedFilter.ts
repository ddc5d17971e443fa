/**
 * Bloom filters in time slices by expiry. No entry is ever deleted: when a slice's time has passed, the slice is dropped, so
 * memory only holds what may be live (I6). A full slice gets a further filter, half as large as all it has; full filters stay
 * unchanged. A new slice begins with room for as many as the middle one has.
 */
import { verifierLimits } from '../limits.ts';
import { type BloomFilter, bloomGeometry, createBloomFilter, hashId, type IdHash } from './bloomFilter.ts';
import type { FilterLayer } from './projection.ts';

export interface SlicedFilter {
  /** Reserves room for this many new entries in the slice of this time. */
  reserve(expiresAt: number, entries: number): void;
  /** Takes over another process's filters for the slice that ends then. */
  adopt(endsAt: number, layers: readonly FilterLayer[]): void;
  add(subject: Uint8Array, expiresAt: number): void;
  /** False is final: the subject was never added or has expired. */
  mayContain(subject: Uint8Array): boolean;
  /** The ends of the slices that may contain it. */
  slicesOf(subject: Uint8Array): readonly number[];
  /** The current filters. Their bytes are live and keep changing. */
  slices(): readonly { readonly endsAt: number; readonly layers: readonly FilterLayer[] }[];
  /** Drops slices that ended at or before `now` (milliseconds). */
  dropExpired(now: number): void;
  stats(): FilterStats;
}

export interface FilterStats {
  readonly entries: number;
  /** The number of entries that fit. */
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

function sizeOf(filters: readonly BloomFilter[]): Omit<FilterStats, 'slices'> {
  return {
    entries: entriesOf(filters),
    capacity: filters.reduce((sum, { capacity }) => sum + capacity, 0),
    bytes: filters.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function anyMayContain(filters: readonly BloomFilter[], hash: IdHash): boolean {
  for (const filter of filters) if (filter.mayContain(hash)) return true;
  return false;
}

function layerOf({ capacity, count, bits }: BloomFilter): FilterLayer {
  return { capacity, entries: count(), bytes: bits };
}

/** The end of the slice for this expiry; both in milliseconds since the Unix epoch. */
export function sliceEnd(expiresAt: number, sliceMs: number): number {
  return Math.ceil(expiresAt / sliceMs) * sliceMs;
}

/** A new slice takes no room beyond this multiple of all that is there. Slices that grow may exceed it by half of their own. */
const mostRoom = 1.6;

/** Called before a filter of this size is allocated. Throws to prevent that. */
export type BeforeGrowth = (bytes: number) => void;

/**
 * How many entries a new slice begins with room for. Of steady additions the middle slice is half full; after one great logout the fullest
 * would make all later ones as large.
 */
function expectedOf(slices: readonly Slice[], filters: readonly BloomFilter[]): number {
  const sizes = slices.map((slice) => entriesOf(slice.filters)).sort((one, other) => one - other);
  const { entries, capacity } = sizeOf(filters);
  return Math.min(sizes[(sizes.length - 1) >> 1] ?? 0, Math.ceil(entries * mostRoom) - capacity);
}

/** `sliceMs`: the time one slice covers. */
export function createSlicedFilter(sliceMs: number, beforeGrowth: BeforeGrowth = () => {}): SlicedFilter {
  const slices = new Map<number, Slice>();
  // All slices' filters as one list, because every check walks it.
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
    if (last === undefined) return grow(slice, expectedOf([...slices.values()], filters));
    return last.count() < last.capacity ? last : grow(slice, Math.ceil(entriesOf(slice.filters) / 2));
  };

  return {
    reserve(expiresAt, entries) {
      grow(sliceOf(expiresAt), entries);
    },

    adopt(endsAt, layers) {
      const adopted = layers.map((layer) =>
        createBloomFilter(layer.capacity, verifierLimits.bloomFalsePositives, layer),
      );
      // In front: new entries go into the last filter.
      sliceThatEnds(endsAt).filters.unshift(...adopted);
      relist();
    },

    add(subject, expiresAt) {
      const slice = sliceOf(expiresAt);
      const hash = hashId(subject);
      // A repeated announcement must not fill the filter twice.
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

    stats: () => ({ ...sizeOf(filters), slices: slices.size }),
  };
}
