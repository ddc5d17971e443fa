import { createHash } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import { platformLimits } from '../../platform/limits.ts';
import type { RateCounters } from '../../platform/rateCounters.ts';

interface Window {
  count: number;
  readonly endsAt: number;
}

/**
 * Counts within this process, with bounded memory. No window is forgotten before its end: when full, names share windows, so
 * inventing names gains nothing.
 */
export function createLocalRateCounters({ clock }: { clock: Pick<Clock, 'monotonic'> }): RateCounters {
  /** By length: the windows of one length are in order of their ends. */
  const lists = new Map<number, Map<string, Window>>();
  const shared = new Map<string, Window>();

  const live = (name: string, budget: number, now: number) => {
    for (const windows of lists.values()) {
      for (const [each, { endsAt }] of windows) {
        if (endsAt > now) break;
        windows.delete(each);
      }
    }
    const found = [...lists.values()].map((windows) => windows.get(name));
    return [...found, shared.get(sharedName(name, budget))].find(
      (window) => window !== undefined && window.endsAt > now,
    );
  };
  return {
    async increment(name, windowMs, budget) {
      const now = clock.monotonic();
      let window = live(name, budget, now);
      if (window === undefined) {
        window = { count: 0, endsAt: now + windowMs };
        const windows = lists.get(windowMs) ?? new Map<string, Window>();
        lists.set(windowMs, windows);
        if (windows.size < platformLimits.rateLocalEntries) windows.set(name, window);
        else shared.set(sharedName(name, budget), window);
      }
      window.count += 1;
      return { count: window.count, remainingMs: Math.round(window.endsAt - now) };
    },
    async giveBack(name, budget, remainingMs) {
      const now = clock.monotonic();
      const window = live(name, budget, now);
      const latest = now + remainingMs + platformLimits.rateWindowToleranceMilliseconds;
      if (window !== undefined && window.endsAt <= latest) window.count = Math.max(0, window.count - 1);
    },
  };
}

/** One of a fixed number per budget: names with different budgets must not share. */
function sharedName(name: string, budget: number): string {
  const hash = createHash('sha256').update(name).digest().readUInt32BE();
  return `${budget}:${hash % platformLimits.rateLocalShared}`;
}
