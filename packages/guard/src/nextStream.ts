/** Schedules the guard's next stream. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';

/** `random`: from 0 to 1. */
export function createNextStream(
  { clock, random }: { clock: Pick<Clock, 'after'>; random: () => number },
  begin: () => void,
) {
  let cancelWait: Cancel | undefined;
  let failures = 0;
  const cancel = () => {
    cancelWait?.();
    cancelWait = undefined;
  };
  return {
    /** Begins one after this time, and not at the time that was set before. */
    after(milliseconds: number) {
      cancel();
      cancelWait = clock.after(milliseconds, () => {
        cancelWait = undefined;
        begin();
      });
    },
    cancel,
    /** A stream has failed: the next back-off is longer. */
    failed() {
      failures += 1;
    },
    /** A stream has worked for a while: the next back-off is short again. */
    settled() {
      failures = 0;
    },
    /** Full jitter: subscribers that were cut off together must not come back together. */
    backOffMs(): number {
      const { backoffFirstMilliseconds: first, backoffMilliseconds: longest } = guardLimits;
      return random() * Math.min(longest, first * 2 ** Math.min(failures, 10));
    },
  };
}
