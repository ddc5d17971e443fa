/**
 * The port to the shared copy of the deny-list, in Redis. "Yes, it is in the set" is final; anything else says nothing,
 * since a copy may have lost what it was given (I2). It holds, by time slice, a set of ids, and the stamp: up to which
 * position of the truth everything is in it.
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

/** A subject, and the slices that it may be in. */
export interface Candidate {
  readonly subject: Uint8Array;
  readonly slices: readonly SliceKey[];
}

/** An opaque word for what the copy holds now. */
export type Stamp = string;

export interface Projection {
  /** Adds committed revocations; adding one again changes nothing. */
  add(revocations: readonly Revocation[]): Promise<void>;
  /** For each candidate, whether it is in the set of one of its slices. */
  contains(candidates: readonly Candidate[]): Promise<readonly boolean[]>;
  /** Where the copy stands; undefined when it is empty, of another history or was never completed. */
  stamped(history: string): Promise<{ stamp: Stamp; position: Position } | undefined>;
  /** Milliseconds since it was last stamped, by its own clock; undefined when it bears no stamp. */
  age(): Promise<number | undefined>;
  /**
   * Adds what was read since `stamp` and, with `to`, stamps the copy with where the reader is now, in one step. Answers the
   * new stamp, or undefined and changes nothing when the copy does not bear `stamp` any more (a flush, a failover,
   * another writer): begin again from `stamped`.
   */
  advance(stamp: Stamp, revocations: readonly Revocation[], to?: Position): Promise<Stamp | undefined>;
  /**
   * Starts over; what is in the sets stays. Answers the stamp with which to `advance`: until that gives a position, `stamped`
   * answers undefined.
   */
  beginRebuild(): Promise<Stamp>;
}
