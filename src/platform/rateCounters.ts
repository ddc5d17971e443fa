/**
 * Recent request counts. Owns the port that counts, and the fallback when the shared counts are unreachable: neither everything
 * nor nothing is allowed. Does not own what is counted or the budgets.
 */
import { platformLimits } from './limits.ts';

export interface RateCount {
  /** In this window, including this request. */
  readonly count: number;
  /** Milliseconds until the window and its count end. */
  readonly remainingMs: number;
}

export interface RateCounters {
  /** Counts one. A name's first request starts a window of `windowMs`. `budget`: the number allowed in it. */
  increment(name: string, windowMs: number, budget: number): Promise<RateCount>;
  /**
   * Takes one back for a refused request. `remainingMs`: until its window ends; after that, nothing happens, even in a next
   * window.
   */
  giveBack(name: string, budget: number, remainingMs: number): Promise<void>;
}

export type RateScope = 'address' | 'network' | 'account' | 'global';

/**
 * Uses `shared`; while it fails, `local` counts for this node alone and allows a small share of each budget, because other nodes
 * do the same. `onFault` gets each failure.
 */
export function withLocalShare(parts: {
  shared: RateCounters;
  local: RateCounters;
  onFault: (error: unknown) => void;
}): RateCounters & { readonly alone: () => boolean } {
  const { shared, local, onFault } = parts;
  let alone = false;
  return {
    alone: () => alone,
    async increment(name, windowMs, budget) {
      try {
        const counted = await shared.increment(name, windowMs, budget);
        alone = false;
        return counted;
      } catch (error) {
        alone = true;
        onFault(error);
        const { count, remainingMs } = await local.increment(name, windowMs, budget);
        return { count: count + budget - localShare(budget), remainingMs };
      }
    },
    // If the counter changed between counting and giving back, a count is off by one until its window ends.
    giveBack: (...counted) => (alone ? local : shared).giveBack(...counted).catch(onFault),
  };
}

function localShare(budget: number): number {
  return Math.max(1, Math.floor(budget * platformLimits.rateLocalShare));
}
