/**
 * Wall-clock time that survives clock changes (J23). When a clock that ran ahead is set back, an expired token would live again
 * after its revocation was deleted. So expired tokens stay expired, and a fast clock deletes nothing early. Both times equal the
 * clock again once it has caught up.
 */
import type { Clock } from './clock.ts';
import { verifierLimits } from './limits.ts';

/** Milliseconds since the Unix epoch. */
export type ReadTime = () => number;
/** Pass `now` if the clock was read already, or to keep what was forgotten by then expired. `onStepBack` is not called then. */
export type ReadLatestTime = (now?: number) => number;

/**
 * For judging expiry: never goes back. `onStepBack` gets the milliseconds by which the clock is behind, at each reading; it
 * should alert somebody.
 */
export function createLatestTime(
  clock: Pick<Clock, 'now'>,
  onStepBack: (behindMs: number) => void,
): ReadLatestTime {
  let latest = Number.NEGATIVE_INFINITY;
  return (now) => {
    const time = now ?? clock.now();
    // A slewed clock may seem to go back by less.
    if (now === undefined && latest - time > verifierLimits.clockSlewMilliseconds) onStepBack(latest - time);
    latest = Math.max(latest, time);
    return latest;
  };
}

/**
 * For forgetting: no later than the clock, and no further than the time that passed since creation. It does not help if the clock
 * ran ahead from the start: before forgetting, call `forgetting`.
 */
export function createEarliestTime(clock: Pick<Clock, 'now' | 'monotonic'>): ReadTime {
  const start = { wall: clock.now(), monotonic: clock.monotonic() };
  return () => Math.min(clock.now(), start.wall + (clock.monotonic() - start.monotonic));
}

/** Call before forgetting: tokens expired by this time then stay expired, whatever the clock says later. */
export function forgetting(until: number, latestTime: ReadLatestTime): number {
  latestTime(until);
  return until;
}
