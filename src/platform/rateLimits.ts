/**
 * How often a caller may ask for something: counted for its address, its network, an account, and for all callers together.
 * Owns the budgets and what is given back. Does not own where counts are kept (`rateCounters.ts`).
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { ipNetwork } from './ipAddress.ts';
import type { KeyedHash } from './keyedHash.ts';
import { platformLimits } from './limits.ts';
import type { RateCounters, RateScope } from './rateCounters.ts';

/** Operation → how many requests of it are allowed in a window, by scope. */
export type RateBudgets<Operation extends string = string> = Readonly<
  Record<Operation, Readonly<Record<RateScope, number>>>
>;

/** One object for one request: what is counted for it is remembered by this object. */
export interface RateCaller {
  /** An address that is missing or malformed counts as one address. */
  readonly ip?: string | undefined;
}

/** What was counted for a caller. */
export interface Spent {
  readonly scope: RateScope;
  readonly budget: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly seconds: number;
}

export interface RateLimits {
  /** Counts one request. Throws `rate_limited` when the budget is used up. `account` is required for the scope `account`. */
  spend(caller: RateCaller, operation: string, scope: RateScope, account?: string): Promise<void>;
  /** In the order of spending. */
  spentBy(caller: RateCaller): readonly Spent[];
  /** Gives back all that this caller spent: its request was refused. */
  giveBack(caller: RateCaller): void;
}

export interface RateLimitParts {
  readonly counters: RateCounters;
  readonly budgets: RateBudgets;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Every budget is multiplied by it. */
  readonly scale: number;
  /** Counters have keyed names, so that the store is no list of addresses or users. */
  readonly keyedHash: KeyedHash;
}

/** RATE_LIMITS=off. */
export const noRateLimits: RateLimits = { spend: async () => {}, spentBy: () => [], giveBack() {} };

interface Counted extends Spent {
  readonly counter: string;
  /** The end of its window, on the monotonic clock. */
  readonly endsAt: number;
}

export function createRateLimits({ counters, budgets, clock, scale, keyedHash }: RateLimitParts): RateLimits {
  const counted = new WeakMap<RateCaller, Counted[]>();

  return {
    async spend(caller, operation, scope, account = '') {
      const address = networkOf(caller, platformLimits.rateAddress);
      const network = networkOf(caller, platformLimits.rateNetwork);
      const whose = { address: [address], network: [network], account: [account, address], global: [] }[
        scope
      ];
      const name = keyedHash(operation, scope, ...whose).toString('base64url');
      const counter = `${operation}:${scope}:${name}`;
      const allowed = budgets[operation]?.[scope];
      if (allowed === undefined) throw new Error(`there is no budget for ${operation}`);
      const budget = Math.max(1, Math.round(allowed * scale));
      const { count, remainingMs } = await counters.increment(
        counter,
        platformLimits.rateWindowMilliseconds,
        budget,
      );
      const seconds = Math.max(1, Math.ceil(remainingMs / 1000));
      const remaining = Math.max(0, budget - count);
      const endsAt = clock.monotonic() + remainingMs;
      counted.set(caller, [
        ...(counted.get(caller) ?? []),
        { scope, budget, remaining, seconds, counter, endsAt },
      ]);
      if (count <= budget) return;
      throw new AuthorityError('rate_limited', {
        detail: `${refusals[scope]}; try again in ${seconds} s.`,
        retryAfterSeconds: seconds,
        reason: `${operation}_${scope}`,
      });
    },

    spentBy: (caller) => counted.get(caller) ?? [],

    giveBack(caller) {
      // Not awaited: the next request from here is counted after it.
      for (const { counter, budget, endsAt } of counted.get(caller) ?? [])
        void counters.giveBack(counter, budget, endsAt - clock.monotonic());
    },
  };
}

const refusals: Readonly<Record<RateScope, string>> = {
  address: 'Too many requests from this address',
  network: 'Too many requests from this network',
  account: 'Too many requests for this account',
  global: 'Too many requests at the moment',
};

function networkOf({ ip }: RateCaller, lengths: Parameters<typeof ipNetwork>[1]): string {
  return ip === undefined ? 'unknown' : ipNetwork(ip, lengths);
}
