/**
 * Rate limits: requests counted by address, network, account, and for all callers. Owns the budgets and giving back. Does not own
 * where counts are kept (`rateCounters.ts`).
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { ipNetwork } from './ipAddress.ts';
import type { KeyedHash } from './keyedHash.ts';
import { platformLimits } from './limits.ts';
import type { RateCounters, RateScope } from './rateCounters.ts';
import type { RefusalCounts } from './refusalCounts.ts';

/** Operation → how many requests of it are allowed in a window, by scope. */
export type RateBudgets<Operation extends string = string> = Readonly<
  Record<Operation, Readonly<Record<RateScope, number>>>
>;

/** Use one object per request: its counts are stored by it. */
export interface RateCaller {
  /** Missing or malformed addresses count as one address. */
  readonly ip?: string | undefined;
}

/** A count for a caller. */
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
  /** In order of counting. */
  spentBy(caller: RateCaller): readonly Spent[];
  /** Gives back everything counted for this request: it was refused. */
  giveBack(caller: RateCaller): void;
}

export interface RateLimitParts {
  readonly counters: RateCounters;
  readonly budgets: RateBudgets;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Multiplies every budget. */
  readonly scale: number;
  /** Counters have keyed names, so that the store does not list addresses or users. */
  readonly keyedHash: KeyedHash;
  /** Called for each refusal. */
  readonly onRefused?: RefusalCounts['refused'];
  /** What was counted for each request, to be given back. */
  readonly counted: WeakMap<RateCaller, Counted[]>;
}

/** RATE_LIMITS=off. */
export const noRateLimits: RateLimits = { spend: async () => {}, spentBy: () => [], giveBack() {} };

export interface Counted extends Pick<Spent, 'budget'> {
  readonly counter: string;
  /** The window's end, on the monotonic clock. */
  readonly endsAt: number;
  /** What the caller may be told. */
  readonly spent?: Spent;
}

export function noteCounted(counted: RateLimitParts['counted'], caller: RateCaller, counting: Counted): void {
  counted.set(caller, [...(counted.get(caller) ?? []), counting]);
}

/** Counts one request. `allowed` is the budget at this scale; `seconds` remain until the window ends, at least 1. */
export async function countRequest(
  { counters, scale }: Pick<RateLimitParts, 'counters' | 'scale'>,
  counter: string,
  budget: number,
) {
  const allowed = Math.max(1, Math.round(budget * scale));
  const window = platformLimits.rateWindowMilliseconds;
  const { count, remainingMs } = await counters.increment(counter, window, allowed);
  return { allowed, count, remainingMs, seconds: Math.max(1, Math.ceil(remainingMs / 1000)) };
}

export function createRateLimits(parts: RateLimitParts): RateLimits {
  const { counters, budgets, clock, scale, keyedHash, counted } = parts;
  return {
    async spend(caller, operation, scope, account = '') {
      const address = networkOf(caller, platformLimits.rateAddress);
      const network = networkOf(caller, platformLimits.rateNetwork);
      const whose = { address: [address], network: [network], account: [account, address], global: [] }[
        scope
      ];
      const name = keyedHash(operation, scope, ...whose).toString('base64url');
      const counter = `${operation}:${scope}:${name}`;
      const allowance = budgets[operation]?.[scope];
      if (allowance === undefined) throw new Error(`there is no budget for ${operation}`);
      const counting = await countRequest({ counters, scale }, counter, allowance);
      const { allowed: budget, count, remainingMs, seconds } = counting;
      const remaining = Math.max(0, budget - count);
      const endsAt = clock.monotonic() + remainingMs;
      noteCounted(counted, caller, { budget, counter, endsAt, spent: { scope, budget, remaining, seconds } });
      if (count <= budget) return;
      parts.onRefused?.({ network, operation, scope });
      throw new AuthorityError('rate_limited', {
        detail: `${refusals[scope]}; try again in ${seconds} s.`,
        retryAfterSeconds: seconds,
        reason: `${operation}_${scope}`,
      });
    },

    spentBy: (caller) => (counted.get(caller) ?? []).flatMap(({ spent }) => spent ?? []),

    giveBack(caller) {
      // Not awaited: the caller's next request is counted later anyway.
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
