import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { redisLimits } from './limits.ts';

/**
 * Stands between callers and a server that may be frozen: commands to one would pile up, and each caller would wait
 * for its own time-out. After the first that is not answered nobody is let through until a probe is.
 */
export interface Breaker {
  closed(): boolean;
  /** A command was not answered in time. */
  trip(): void;
  /** Stops probing. */
  dispose(): void;
}

/**
 * `probe` asks the server something. `onLost`: not even the probe was answered; the connection may be to a host that is
 * gone, and must be made again.
 */
export function createBreaker(parts: {
  clock: Clock;
  probe: () => Promise<unknown>;
  onLost: () => void;
}): Breaker {
  const { clock, probe, onLost } = parts;
  let stopProbing: (() => void) | undefined;
  let disposed = false;

  const mend = () => {
    stopProbing?.();
    stopProbing = undefined;
  };

  /** The clock never runs two at once, so there is one probe under way at most. */
  const ask = async () => {
    let late = false;
    try {
      await withDeadline(clock, redisLimits.redisMilliseconds, probe(), () => {
        late = true;
        return new Error('no answer');
      });
      mend();
    } catch {
      // Refused at once: there is no connection at the moment, and one is being made.
      if (late) onLost();
    }
  };

  return {
    closed: () => stopProbing === undefined,
    trip() {
      // What is still under way when it is closed may be given up afterwards.
      if (!disposed) stopProbing ??= clock.every(redisLimits.redisProbeMilliseconds, ask);
    },
    dispose() {
      disposed = true;
      mend();
    },
  };
}
