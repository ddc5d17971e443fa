import { LRUCache } from 'lru-cache';
import type { RateCounters } from '../../authn/rateCounters.ts';
import type { Clock } from '../../core/clock.ts';
import { limits } from '../../core/limits.ts';

/** Counts of this process. */
export function createLocalRateCounters({ clock }: { clock: Pick<Clock, 'monotonic'> }): RateCounters {
  const windows = new LRUCache<string, { count: number; readonly endsAt: number }>({
    max: limits.rateLocalEntries,
  });
  return {
    async increment(name, windowMs) {
      const now = clock.monotonic();
      const known = windows.get(name);
      const current =
        known !== undefined && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs };
      current.count += 1;
      windows.set(name, current);
      return { count: current.count, remainingMs: Math.round(current.endsAt - now) };
    },
  };
}
