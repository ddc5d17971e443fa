/** Whom rate limits refused lately, by network: for operators. In the memory of this node only. */
import type { Clock } from '@countersign/verifier/clock';
import { LRUCache } from 'lru-cache';
import { platformLimits } from './limits.ts';
import type { RateScope } from './rateCounters.ts';

export interface RefusalCount {
  /** CIDR notation, or `unknown`. */
  readonly network: string;
  readonly operation: string;
  readonly scope: RateScope;
  readonly times: number;
  /** The last one, on the wall clock. */
  readonly at: number;
}

export interface RefusalCounts {
  refused(refusal: Pick<RefusalCount, 'network' | 'operation' | 'scope'>): void;
  /** Most often refused first. */
  top(most: number): readonly RefusalCount[];
  /** Since when it counts. */
  readonly since: number;
}

export function createRefusalCounts(clock: Pick<Clock, 'now'>): RefusalCounts {
  const counts = new LRUCache<string, RefusalCount>({ max: platformLimits.refusedNetworks });
  const oldest = () => clock.now() - platformLimits.refusalsKeptMilliseconds;
  return {
    since: clock.now(),
    refused(refusal) {
      const key = Object.values(refusal).join(' ');
      const before = counts.get(key);
      const times = before === undefined || before.at < oldest() ? 0 : before.times;
      counts.set(key, { ...refusal, times: times + 1, at: clock.now() });
    },
    top(most) {
      const lately = [...counts.values()].filter(({ at }) => at >= oldest());
      return lately.sort((one, other) => other.times - one.times).slice(0, most);
    },
  };
}
