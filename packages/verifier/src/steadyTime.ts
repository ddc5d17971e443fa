/**
 * Wall-clock time that survives clock changes (J23). A clock that ran ahead and is set back would make an expired token live
 * again, after its revocation was deleted. So expired tokens stay expired, and a fast clock deletes nothing. Both times equal the
 * clock again once it has caught up.
 */
import type { Clock } from './clock.ts';
import { verifierLimits } from './limits.ts';

/** Milliseconds since the Unix epoch. */
export type ReadTime = () => number;
/**
 * `now`: for who has read the clock already, or has forgotten what had expired by then, so that it stays expired. Nobody is
 * told of a step back then.
 */
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
  return (now) => {
    const time = now ?? clock.now();
    // A clock that is slewed may seem to go back by less.
    if (now === undefined && latest - time > verifierLimits.clockSlewMilliseconds) onStepBack(latest - time);
    latest = Math.max(latest, time);
    return latest;
  };
}

/**
 * For forgetting: no later than the clock says, nor than can have passed since this was made. That does not help when the
 * clock ran ahead from the beginning: who forgets by this must tell the latest time until when (`forgetting`).
 */
export function createEarliestTime(clock: Pick<Clock, 'now' | 'monotonic'>): ReadTime {
  const start = { wall: clock.now(), monotonic: clock.monotonic() };
  return () => Math.min(clock.now(), start.wall + (clock.monotonic() - start.monotonic));
}

/** Whoever forgets what had expired by this time first makes sure that it stays so, whatever the clock will say. */
export function forgetting(until: number, latestTime: ReadLatestTime): number {
  latestTime(until);
  return until;
}
