/** Forgets what has expired, in memory and in the truth: in small batches, so that no statement holds a table for long. */
import type { Cancel, Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { DenyList } from './denyList.ts';
import type { RevocationStore } from './revocation.ts';

export function sweepRegularly(parts: {
  store: Pick<RevocationStore, 'prune'>;
  denyList: Pick<DenyList, 'dropExpired'>;
  clock: Clock;
  /** A sweep that failed is repeated at the next interval; meanwhile only space is lost. */
  onFault: (error: unknown) => void;
}): Cancel {
  const { store, denyList, clock, onFault } = parts;
  return clock.every(limits.pruneIntervalMilliseconds, async () => {
    denyList.dropExpired();
    try {
      let deleted = 0;
      do {
        deleted = await store.prune(clock.now(), limits.pruneRows);
      } while (deleted === limits.pruneRows);
    } catch (error) {
      onFault(error);
    }
  });
}
