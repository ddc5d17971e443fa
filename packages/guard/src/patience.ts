/** Deadlines on a subscriber's stream: for any message, and for a lease. */
import type { Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';

export interface Patience {
  /** A message arrived. */
  heard(): void;
  /** From now on a lease must come within this time; Infinity expects none. */
  expectLease(milliseconds: number): void;
  /** Call every `intervalMs`. */
  look(limits: { readonly intervalMs: number; readonly silenceMs: number }): 'wait' | 'silent' | 'lease_late';
}

export function createPatience(clock: Pick<Clock, 'monotonic'>): Patience {
  let heardAt = clock.monotonic();
  let lookedAt = heardAt;
  let leaseDueAt = Number.POSITIVE_INFINITY;
  const expectLease = (milliseconds: number) => {
    leaseDueAt = clock.monotonic() + milliseconds;
  };
  return {
    heard() {
      heardAt = clock.monotonic();
    },
    expectLease,
    look({ intervalMs, silenceMs }) {
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
