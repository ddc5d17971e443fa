/** Schedules the guard's next stream. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';

export interface NextStream {
  /** Starts one after this time, replacing the earlier schedule. */
  after(milliseconds: number): void;
  cancel(): void;
  /** A stream failed: the next back-off is longer. */
  failed(): void;
  /** A stream has worked for a while: the next back-off is short again. */
  settled(): void;
  /** Full jitter: subscribers disconnected together must not return together. */
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
