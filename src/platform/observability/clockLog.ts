import type { Clock } from '@countersign/verifier/clock';
import { createLatestTime, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import { platformLimits } from '../limits.ts';
import type { Log } from './log.ts';

/** Warns an operator whose clock was set back; once in a while is enough. */
export function createLoggedLatestTime({ log, clock }: { log: Log; clock: Clock }): ReadLatestTime {
  let saidAt = Number.NEGATIVE_INFINITY;
  return createLatestTime(clock, (behindMs) => {
    if (clock.monotonic() - saidAt < platformLimits.faultLogMilliseconds) return;
    saidAt = clock.monotonic();
    const meaning = 'the clock was set back: expired tokens stay expired until it has caught up';
    log.error({ behind_ms: Math.round(behindMs) }, meaning);
  });
}
