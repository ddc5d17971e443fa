/**
 * The port to the shared copy of the deny-list, in Redis. "Yes" is final; "no" means nothing, because a copy may have lost
 * entries (I2). It stores a set of ids per time slice, and the stamp: the position up to which it is complete.
 */
import type { Position } from './position.ts';
import type { Revocation } from './revocation.ts';

/** The ids of one kind that expire by one time. */
export interface SliceKey {
  readonly ofSessions: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly endsAt: number;
}

/** One filter of a slice, in the layout of `bloomFilter.ts`. */
export interface FilterLayer {
  readonly capacity: number;
  readonly entries: number;
  /** The bit array. */
  readonly bytes: Uint8Array;
}

export interface ProjectedSlice extends SliceKey {
  /** All but the last are full. */
  readonly layers: readonly FilterLayer[];
}

/** A subject, and the slices that may contain it. */
export interface Candidate {
  readonly subject: Uint8Array;
  readonly slices: readonly SliceKey[];
}

/** An opaque name of the copy's state. */
export type Stamp = string;

export interface Projection {
  /** Adds committed revocations. Idempotent. */
  add(revocations: readonly Revocation[]): Promise<void>;
  /** For each candidate, whether a set of its slices contains it. */
  contains(candidates: readonly Candidate[]): Promise<readonly boolean[]>;
  /** The copy's position; undefined when empty, of another history or never completed. */
  stamped(history: string): Promise<{ stamp: Stamp; position: Position } | undefined>;
  /** Milliseconds since the last stamp, by the copy's clock; undefined without a stamp. */
  age(): Promise<number | undefined>;
  /**
   * Adds what was read since `stamp` and, with `to`, sets the copy's position, in one step. Returns the new stamp; changes
   * nothing and returns undefined when the stamp differs (a flush, a failover, another writer): start again from `stamped`.
   */
  advance(stamp: Stamp, revocations: readonly Revocation[], to?: Position): Promise<Stamp | undefined>;
  /**
   * Starts over but keeps the sets. Returns the stamp for `advance`; until `advance` sets a position, `stamped` returns
   * undefined.
   */
  beginRebuild(): Promise<Stamp>;
}
