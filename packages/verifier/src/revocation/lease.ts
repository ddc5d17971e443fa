/**
 * The right to answer from memory. It is good for a fixed time from a moment that lies before this node registered and
 * read what had been revoked until then (renewal.ts); whoever revokes later waits for this node, or for that time.
 */
import { type Clock, elapsedBetween, type Moment, momentOf } from '../clock.ts';

export interface Lease {
  readonly milliseconds: number;
  /** `now`: for who has read the clocks already. */
  held(now?: Moment): boolean;
  /** 0 when it is not held. */
  remainingMs(): number;
  /** To be called before the first step of a renewal. */
  moment(): Moment;
  /** The lease is good from this moment on, for as long as it always is or for as long as is said here. */
  hold(from: Moment, milliseconds?: number): void;
  drop(): void;
}

export function createLease(parts: { clock: Clock; milliseconds: number }): Lease {
  const { clock, milliseconds } = parts;
  let from: Moment | undefined;
  let goodFor = milliseconds;

  const remainingMs = (now: Moment) => {
    if (from === undefined) return 0;
    // The monotonic clock decides; the wall clock only shortens.
    return Math.max(0, goodFor - elapsedBetween(from, now));
  };

  return {
    milliseconds,
    held: (now = momentOf(clock)) => remainingMs(now) > 0,
    remainingMs: () => remainingMs(momentOf(clock)),
    moment: () => momentOf(clock),
    hold(moment, granted = milliseconds) {
      from = moment;
      goodFor = granted;
    },
    drop() {
      from = undefined;
    },
  };
}

/** For a single process: there is no other that it could have missed a revocation of. */
export const permanentLease: Pick<Lease, 'held'> = { held: () => true };
