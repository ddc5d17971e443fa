/** Counts shared by all nodes. Losing them only restarts counting. */

import { platformLimits } from '../../platform/limits.ts';
import type { RateCounters } from '../../platform/rateCounters.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

export function createSharedRateCounters(parts: {
  redis: Pick<RedisConnection, 'run'>;
  keys: Pick<RedisKeys, 'rate'>;
}): RateCounters {
  const { redis, keys } = parts;
  const script = loadScript(new URL('./count-1.lua', import.meta.url));
  const takeBack = loadScript(new URL('./giveBack-1.lua', import.meta.url));
  return {
    async increment(name, windowMs) {
      const answer = await redis.run((commands) => script(commands, [keys.rate(name)], [windowMs]));
      const [count, remainingMs] = answer as [number, number];
      return { count, remainingMs };
    },
    async giveBack(name, _budget, remainingMs) {
      const latest = Math.ceil(remainingMs) + platformLimits.rateWindowToleranceMilliseconds;
      await redis.run((commands) => takeBack(commands, [keys.rate(name)], [latest]));
    },
  };
}
