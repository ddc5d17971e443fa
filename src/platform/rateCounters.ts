/**
 * How often something was asked for lately. Owns the port that counts, and what is done while the counts of all nodes
 * cannot be reached: neither everything nor nothing. Does not own what is counted, nor how many are too many.
 */
import { platformLimits } from './limits.ts';

export interface RateCount {
  /** In this window, this one included. */
  readonly count: number;
  /** Milliseconds until the window ends, and with it the count. */
  readonly remainingMs: number;
}

export interface RateCounters {
  /** Counts one. The first one of a name begins a window of `windowMs`. `budget`: how many are allowed in it. */
  increment(name: string, windowMs: number, budget: number): Promise<RateCount>;
  /**
   * Takes one back, for what was refused in the end. `remainingMs`: until the end of the window that counted it. When that has ended,
   * nothing happens, also when the next one has begun.
   */
  giveBack(name: string, budget: number, remainingMs: number): Promise<void>;
}

export type RateScope = 'address' | 'network' | 'account' | 'global';

/**
 * Asks `shared`; while that fails, `local` counts for this node alone and lets through a small share of each budget: the
 * rest counts as used, since other nodes do the same. `onFault` is told of each failure.
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
    // Who counts now may not be who counted it: then a count may be one too low or too high, until its window ends.
    giveBack: (...counted) => (alone ? local : shared).giveBack(...counted).catch(onFault),
  };
}

function localShare(budget: number): number {
  return Math.max(1, Math.floor(budget * platformLimits.rateLocalShare));
}
