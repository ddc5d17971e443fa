/**
 * How often somebody may try: the budgets of requests, counted by all nodes together in Redis or by this process alone,
 * and wrong passwords, counted in the database.
 */
import { type RateCounters, withLocalShare } from './authn/rateCounters.ts';
import type { Config } from './config/config.ts';
import type { Clock } from './core/clock.ts';
import { createKeyedHash } from './core/keyedHash.ts';
import type { Database } from './flows/database.ts';
import { createPasswordAttempts, type PasswordAttempts } from './flows/passwordAttempts.ts';
import type { HttpParts } from './http/app.ts';
import type { FaultLog } from './observability/faultLog.ts';
import type { Log } from './observability/log.ts';
import type { Metrics } from './observability/metrics.ts';
import { createLocalRateCounters } from './storage/local/rateCounters.ts';
import type { RedisConnection } from './storage/redis/connection.ts';
import { createKeys } from './storage/redis/keys.ts';
import { createSharedRateCounters } from './storage/redis/rateCounters.ts';

export interface GuessingLimits extends Pick<HttpParts, 'rateLimits'> {
  readonly passwordAttempts: PasswordAttempts;
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly database: Database;
  /** Undefined in embedded mode. */
  readonly redis: RedisConnection | undefined;
  readonly deploymentId: () => Promise<string>;
  /** The same on every node. */
  readonly keyEncryptionKey: Uint8Array;
}

export async function openGuessingLimits(parts: Parts): Promise<GuessingLimits> {
  const { config, clock, log, database, keyEncryptionKey } = parts;
  const keyedHash = createKeyedHash(keyEncryptionKey, 'password-failures');
  const passwordAttempts = createPasswordAttempts({ database, clock, keyedHash });
  const scale = config.rateLimits;
  if (scale === 'off') {
    log.warn('RATE_LIMITS is off: anyone may call as often as they like');
    return { passwordAttempts, rateLimits: undefined };
  }
  const counters = await openCounters(parts);
  const rateLimits = { counters, clock, scale, keyedHash: createKeyedHash(keyEncryptionKey, 'rates') };
  return { passwordAttempts, rateLimits };
}

async function openCounters(parts: Parts): Promise<RateCounters> {
  const { redis, clock, metrics, onFault } = parts;
  const local = createLocalRateCounters({ clock });
  if (redis === undefined) return local;
  const keys = createKeys(await parts.deploymentId());
  const counters = withLocalShare({
    shared: createSharedRateCounters({ redis, keys }),
    local,
    onFault: (error) => onFault('rate_limits', error),
  });
  metrics.gauge(
    'countersign_rate_limits_alone',
    '1 while this node counts requests by itself, with a small share of each budget.',
    () => Number(counters.alone()),
  );
  return counters;
}
