/**
 * One stop for several signals: a terminal and systemd signal the whole process group, and npm repeats the signal within
 * milliseconds. Owns whether a signal starts a stop, belongs to the same stop, or asks to end at once.
 */
import type { Clock } from '@countersign/verifier/clock';
import { platformLimits } from './limits.ts';

export type StopSignal = 'SIGTERM' | 'SIGINT';

export interface Stop {
  /** A signal arrived. */
  signalled(name: StopSignal): void;
  /** Resolves with the first signal. */
  readonly asked: Promise<StopSignal>;
  isAsked(): boolean;
}

/** `onImpatience`: called for each signal later than a second after the first. */
export function createStop(parts: { clock: Pick<Clock, 'monotonic'>; onImpatience: () => void }): Stop {
  let askedAt: number | undefined;
  let ask: (name: StopSignal) => void = () => {};
  const asked = new Promise<StopSignal>((resolve) => {
    ask = resolve;
  });
  return {
    asked,
    isAsked: () => askedAt !== undefined,
    signalled(name) {
      const now = parts.clock.monotonic();
      if (askedAt === undefined) {
        askedAt = now;
        ask(name);
      } else if (now - askedAt >= platformLimits.sameStopMilliseconds) parts.onImpatience();
    },
  };
}
