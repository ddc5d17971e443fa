/**
 * The right to answer from memory. It lasts a fixed time from a moment before this node registered and read all revocations so
 * far (renewal.ts); a node that revokes later waits for this node, or for that time.
 */
import { type Clock, elapsedBetween, type Moment, momentOf } from '../clock.ts';

export interface Lease {
  readonly milliseconds: number;
  /** Pass `now` if the clocks were read already. */
  held(now?: Moment): boolean;
  /** 0 without a lease. */
  remainingMs(): number;
  /** Call before the first step of a renewal. */
  moment(): Moment;
  /** Holds the lease from this moment on, for `milliseconds` or the usual time. */
  hold(from: Moment, milliseconds?: number): void;
  drop(): void;
}

export function createLease(parts: { clock: Clock; milliseconds: number }): Lease {
  const { clock, milliseconds } = parts;
  let from: Moment | undefined;
  let goodFor = milliseconds;

  const remainingMs = (now: Moment) => {
    if (from === undefined) return 0;
    // The monotonic clock decides; the wall clock can only shorten it.
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

/** For a single process: no other process can revoke. */
export const permanentLease: Pick<Lease, 'held'> = { held: () => true };
