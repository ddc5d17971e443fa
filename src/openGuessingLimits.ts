/**
 * How often somebody may try: the budgets of requests, counted by all nodes together in Redis or by this process alone,
 * and wrong passwords, counted in the database.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { Database } from './database.ts';
import { createPasswordAttempts, type PasswordAttempts } from './login/throttling/passwordAttempts.ts';
import type { Config } from './platform/config/config.ts';
import { createKeyedHash } from './platform/keyedHash.ts';
import type { FaultLog } from './platform/observability/faultLog.ts';
import type { Log } from './platform/observability/log.ts';
import type { Metrics } from './platform/observability/metrics.ts';
import { type RateCounters, withLocalShare } from './platform/rateCounters.ts';
import { createLocalRateCounters } from './storage/embedded/rateCounters.ts';
import type { RedisConnection } from './storage/redis/connection.ts';
import { createKeys } from './storage/redis/keys.ts';
import { createSharedRateCounters } from './storage/redis/rateCounters.ts';
import type { HttpParts } from './transport/http/app.ts';

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
