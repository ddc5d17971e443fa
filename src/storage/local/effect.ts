import type { Clock } from '../../core/clock.ts';
import { AuthorityError } from '../../core/errors.ts';
import type { DenyList } from '../../revocation/denyList.ts';
import type { Effect } from '../../revocation/revocation.ts';

/**
 * Effect in a single process: when the one deny-list knows a revocation, everybody does. The row is committed already,
 * so a check that finds it in the filter finds it in the truth.
 */
export function createLocalEffect(parts: {
  denyList: Pick<DenyList, 'add' | 'ready'>;
  clock: Clock;
  /** Seconds from the announcement to the effect. */
  onEffect: (seconds: number) => void;
}): Effect {
  const { denyList, clock, onEffect } = parts;
  return {
    async announce(revocations) {
      if (revocations.length === 0) return;
      const started = clock.monotonic();
      denyList.add(revocations);
      // Suspended: another process may serve from this database by now, and learns of nothing that we add here.
      if (!denyList.ready())
        throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'suspended' });
      onEffect((clock.monotonic() - started) / 1000);
    },
  };
}
