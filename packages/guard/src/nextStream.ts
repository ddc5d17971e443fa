/** When the next stream of a guard begins. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';

export interface NextStream {
  /** Begins one after this time, and not at the time that was set before. */
  after(milliseconds: number): void;
  cancel(): void;
  /** A stream has failed: the next back-off is longer. */
  failed(): void;
  /** A stream has worked for a while: the next back-off is short again. */
  settled(): void;
  /** Full jitter: subscribers that were cut off together must not come back together. */
  backOffMs(): number;
}

/** `random`: from 0 to 1. */
export function createNextStream(
  { clock, random }: { clock: Pick<Clock, 'after'>; random: () => number },
  begin: () => void,
): NextStream {
  let cancelWait: Cancel | undefined;
  let failures = 0;
  const cancel = () => {
    cancelWait?.();
    cancelWait = undefined;
  };
  return {
    after(milliseconds) {
      cancel();
      cancelWait = clock.after(milliseconds, () => {
        cancelWait = undefined;
        begin();
      });
    },
    cancel,
    failed() {
      failures += 1;
    },
    settled() {
      failures = 0;
    },
    backOffMs() {
      const { backoffFirstMilliseconds: first, backoffMilliseconds: longest } = guardLimits;
      return random() * Math.min(longest, first * 2 ** Math.min(failures, 10));
    },
  };
}
