/**
 * Budgets of things that cost somebody something, such as mails: counted over an hour or a day, over all nodes. Owns counting.
 * Does not own the budgets, nor what happens when one is used up.
 */
import { noteCounted, type RateCaller, type RateLimitParts } from './rateLimits.ts';

export interface WindowBudget {
  /** What is counted; the counter's name is a keyed hash of it. */
  readonly name: readonly string[];
  /** At most so many in a window. */
  readonly budget: number;
  readonly windowMilliseconds: number;
}

/**
 * Counts one in each, in order; stops at the first that is used up, which takes nothing from those after it. False then. What was
 * counted for `caller` is given back when the request is refused or fails: then nothing was sent.
 */
export type SpendWindows = (budgets: readonly WindowBudget[], caller: RateCaller) => Promise<boolean>;

/** `counting`: undefined when rate limits are off. `kind` keeps the names of one use apart from those of others. */
export function createSpendWindows(
  counting: Omit<RateLimitParts, 'budgets'> | undefined,
  kind: string,
): SpendWindows {
  if (counting === undefined) return async () => true;
  const { counters, scale, keyedHash, clock, counted } = counting;
  return async (budgets, caller) => {
    for (const { name, budget, windowMilliseconds } of budgets) {
      const counter = `${kind}:${keyedHash(kind, ...name).toString('base64url')}`;
      const allowed = Math.max(1, Math.round(budget * scale));
      const { count, remainingMs } = await counters.increment(counter, windowMilliseconds, allowed);
      noteCounted(counted, caller, { budget: allowed, counter, endsAt: clock.monotonic() + remainingMs });
      if (count > allowed) return false;
    }
    return true;
  };
}
