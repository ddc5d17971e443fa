import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { redisLimits } from './limits.ts';

/**
 * A circuit breaker for a frozen server: commands would pile up, each waiting for its own time limit. After the first unanswered
 * command everything is refused until a probe is answered.
 */
export interface Breaker {
  closed(): boolean;
  /** A command was not answered in time. */
  trip(): void;
  /** Stops probing. */
  dispose(): void;
}

/** `probe` asks the server something. `onLost`: even the probe was not answered; the host may be gone, so reconnect. */
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

  /** The clock never overlaps runs, so at most one probe is in progress. */
  const ask = async () => {
    let late = false;
    try {
      await withDeadline(clock, redisLimits.redisMilliseconds, probe(), () => {
        late = true;
        return new Error('no answer');
      });
      mend();
    } catch {
      // Otherwise it failed at once: the connection is being made already.
      if (late) onLost();
    }
  };

  return {
    closed: () => stopProbing === undefined,
    trip() {
      // Work still in progress at closing may be given up later.
      if (!disposed) stopProbing ??= clock.every(redisLimits.redisProbeMilliseconds, ask);
    },
    dispose() {
      disposed = true;
      mend();
    },
  };
}
