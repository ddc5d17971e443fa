/**
 * Wall-clock time for those whom a clock that is set must not deceive (J23). When it has run ahead and is set right, a token
 * that had expired is live again, and its revocation may have been forgotten. So what has expired stays so, and nothing is
 * forgotten by a clock that hurries. Both heal by themselves: they differ from the clock only until that has caught up.
 */
import type { Clock } from './clock.ts';
import { limits } from './limits.ts';

/** Milliseconds since the Unix epoch. */
export type ReadTime = () => number;
/** `now`: for who has read the clock already. */
export type ReadLatestTime = (now?: number) => number;

/**
 * For judging expiry: never earlier than it was before. `onStepBack` is told by how many milliseconds the clock is behind what
 * it was, each time that it is read; it should wake somebody.
 */
export function createLatestTime(
  clock: Pick<Clock, 'now'>,
  onStepBack: (behindMs: number) => void,
): ReadLatestTime {
  let latest = Number.NEGATIVE_INFINITY;
  return (now = clock.now()) => {
    // A clock that is slewed may seem to go back by less.
    if (latest - now > limits.clockSlewMilliseconds) onStepBack(latest - now);
    latest = Math.max(latest, now);
    return latest;
  };
}

/** For forgetting: no later than the clock says, nor than can have passed since this was made. */
export function createEarliestTime(clock: Pick<Clock, 'now' | 'monotonic'>): ReadTime {
  const start = { wall: clock.now(), monotonic: clock.monotonic() };
  return () => Math.min(clock.now(), start.wall + (clock.monotonic() - start.monotonic));
}
