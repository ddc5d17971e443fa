/**
 * The right to answer from memory. It is good for a fixed time from a moment that lies before this node registered and
 * read what had been revoked until then (renewal.ts); whoever revokes later waits for this node, or for that time.
 */
import type { Clock } from '../core/clock.ts';

/** A moment on both clocks of this machine. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export interface Lease {
  readonly milliseconds: number;
  held(): boolean;
  /** 0 when it is not held. */
  remainingMs(): number;
  /** To be called before the first step of a renewal. */
  moment(): Moment;
  /** The lease is good from this moment on. */
  hold(from: Moment): void;
  drop(): void;
}

export function createLease(parts: { clock: Clock; milliseconds: number }): Lease {
  const { clock, milliseconds } = parts;
  let from: Moment | undefined;

  const remainingMs = () => {
    if (from === undefined) return 0;
    // The monotonic clock decides. The wall clock only shortens: it shows that the machine was suspended, which the
    // other may not.
    const elapsed = Math.max(clock.monotonic() - from.monotonic, clock.now() - from.wall);
    return Math.max(0, milliseconds - elapsed);
  };

  return {
    milliseconds,
    held: () => remainingMs() > 0,
    remainingMs,
    moment: () => ({ monotonic: clock.monotonic(), wall: clock.now() }),
    hold(moment) {
      from = moment;
    },
    drop() {
      from = undefined;
    },
  };
}

/** For a single process: there is no other that it could have missed a revocation of. */
export const permanentLease: Pick<Lease, 'held'> = { held: () => true };
