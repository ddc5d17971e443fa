/** Deadlines on a subscriber's stream: for any message, and for a lease. */
import type { Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';

export function createPatience(clock: Pick<Clock, 'monotonic'>) {
  let heardAt = clock.monotonic();
  let lookedAt = heardAt;
  let leaseDueAt = Number.POSITIVE_INFINITY;
  const expectLease = (milliseconds: number) => {
    leaseDueAt = clock.monotonic() + milliseconds;
  };
  return {
    /** A message has come. */
    heard() {
      heardAt = clock.monotonic();
    },
    /** From now on a lease must come within this time; infinite to expect none. */
    expectLease,
    /** To be called every `intervalMs`. */
    look({
      intervalMs,
      silenceMs,
    }: {
      intervalMs: number;
      silenceMs: number;
    }): 'wait' | 'silent' | 'lease_late' {
      const now = clock.monotonic();
      // After a pause of this process, messages that arrived meanwhile are still unread.
      const stoodStill = now - lookedAt > silenceMs / 2 + intervalMs;
      lookedAt = now;
      if (stoodStill) expectLease(guardLimits.withoutLeaseMilliseconds);
      else if (now - heardAt >= silenceMs) return 'silent';
      else if (now >= leaseDueAt) return 'lease_late';
      return 'wait';
    },
  };
}
