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

export interface Poller {
  /** Begins the next round now, or right after the one in progress. */
  wake(): void;
  /** Resolves when the current round is over, or after `platformLimits.lastRoundMilliseconds`. */
  stop(): Promise<void>;
}

/** Returns the function that stops it. */
export function startPoller(parts: PollerParts): () => Promise<void> {
  return startWakeablePoller(parts).stop;
}

export function startWakeablePoller({ clock, firstMs, retryMs, run, onFault }: PollerParts): Poller {
  let stopped = false;
  let running = false;
  let woken = false;
  let cancel: Cancel = () => {};
  let underWay: Promise<void> = Promise.resolve();

  const round = async () => {
    let nextMs = retryMs;
    running = true;
    woken = false;
    try {
      nextMs = await run();
    } catch (fault) {
      // After a stop, a late round fails because its connections are closed. That is no fault.
      if (!stopped) onFault(fault);
    }
    running = false;
    goOn(woken ? 0 : nextMs);
  };
  const goOn = (milliseconds: number) => {
    if (stopped) return;
    cancel = clock.after(milliseconds, () => {
      underWay = round();
    });
  };

  goOn(firstMs);
  return {
    wake() {
      woken = true;
      if (running) return;
      cancel();
      goOn(0);
    },
    async stop() {
      stopped = true;
      cancel();
      let waited: Cancel = () => {};
      const late = new Promise<void>((resolve) => {
        waited = clock.after(platformLimits.lastRoundMilliseconds, resolve);
      });
      await Promise.race([underWay, late]);
      waited();
    },
  };
}
