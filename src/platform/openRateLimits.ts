import type { Clock } from '@countersign/verifier/clock';
import { createKeyedHash } from './keyedHash.ts';
import type { Log } from './observability/log.ts';
import type { RateCounters } from './rateCounters.ts';
import {
  createRateLimits,
  noRateLimits,
  type RateBudgets,
  type RateLimitParts,
  type RateLimits,
} from './rateLimits.ts';
import { createRefusalCounts, type RefusalCounts } from './refusalCounts.ts';

export interface OpenedRateLimits {
  readonly rateLimits: RateLimits;
  /** The parts for other kinds of budgets; undefined when limits are off. */
  readonly counting: RateLimitParts | undefined;
  readonly refusalCounts: RefusalCounts;
}

/** `scale` is RATE_LIMITS. */
export function openRateLimits(parts: {
  readonly scale: number | 'off';
  readonly counters: () => RateCounters;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyEncryptionKey: Uint8Array;
}): OpenedRateLimits {
  const { scale, counters, budgets, clock, log, keyEncryptionKey } = parts;
  const refusalCounts = createRefusalCounts(clock);
  if (scale === 'off') {
    log.warn('RATE_LIMITS is off: anyone may call as often as they like');
    return { rateLimits: noRateLimits, counting: undefined, refusalCounts };
  }
  const keyedHash = createKeyedHash(keyEncryptionKey, 'rates');
  const counting = { counters: counters(), budgets, clock, scale, keyedHash, counted: new WeakMap() };
  const rateLimits = createRateLimits({ ...counting, onRefused: refusalCounts.refused });
  return { rateLimits, counting, refusalCounts };
}
