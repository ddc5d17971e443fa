import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import { createLatestTime, type ReadLatestTime } from '../core/steadyTime.ts';
import type { Log } from './log.ts';

/** Whoever sets a clock back should know what that does to tokens; once in a while is enough. */
export function createLoggedLatestTime({ log, clock }: { log: Log; clock: Clock }): ReadLatestTime {
  let saidAt = Number.NEGATIVE_INFINITY;
  return createLatestTime(clock, (behindMs) => {
    if (clock.monotonic() - saidAt < limits.faultLogMilliseconds) return;
    saidAt = clock.monotonic();
    const meaning = 'the clock was set back: what had expired stays so until it has caught up';
    log.error({ behind_ms: Math.round(behindMs) }, meaning);
  });
}
