/** Repeated work: rounds never overlap, and each returns when the next one is due. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { platformLimits } from './limits.ts';

export interface PollerParts {
  readonly clock: Clock;
  /** Delay of the first round, and after a failed one. */
  readonly firstMs: number;
  readonly retryMs: number;
  /** Returns the milliseconds until the next round. */
  run(): Promise<number>;
  onFault(fault: unknown): void;
}

/**
 * Returns the function that stops it, which resolves when the current round is over, or after
 * `platformLimits.lastRoundMilliseconds`.
 */
export function startPoller({ clock, firstMs, retryMs, run, onFault }: PollerParts): () => Promise<void> {
  let stopped = false;
  let cancel: Cancel = () => {};
  let underWay: Promise<void> = Promise.resolve();

  const round = async () => {
    let nextMs = retryMs;
    try {
      nextMs = await run();
    } catch (fault) {
      // After a stop, a late round fails because its connections are closed. That is no fault.
      if (!stopped) onFault(fault);
    }
    goOn(nextMs);
  };
  const goOn = (milliseconds: number) => {
    if (stopped) return;
    cancel = clock.after(milliseconds, () => {
      underWay = round();
    });
  };

  goOn(firstMs);
  return async () => {
    stopped = true;
    cancel();
    let waited: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      waited = clock.after(platformLimits.lastRoundMilliseconds, resolve);
    });
    await Promise.race([underWay, late]);
    waited();
  };
}
