/** What leaves this machine without TLS: a network that is private may be meant, so it is a warning. */

import type { Config } from './config.ts';
import { databaseHost, tlsOf } from './databaseUrl.ts';
import { isLoopback } from './issuer.ts';
import type { RedisAddress } from './redisUrl.ts';
import type { Secrets } from './secrets.ts';

/** One line for each connection that ALLOW_PLAINTEXT does not name. */
export function plaintextWarnings(
  { allowPlaintext }: Pick<Config, 'allowPlaintext'>,
  { databaseUrl, redis }: Pick<Secrets, 'databaseUrl' | 'redis'>,
): string[] {
  const warnings: string[] = [];
  const allowed = (name: 'database' | 'redis') => allowPlaintext.includes(name);
  if (databaseUrl !== undefined && !allowed('database') && mayBeRead(databaseUrl))
    warnings.push(
      'DATABASE_URL: the connection to another machine is not protected by TLS; add ?sslmode=verify-full, or name database in ALLOW_PLAINTEXT',
    );
  if (redis !== undefined && !allowed('redis') && !redis.tls && hostsOf(redis).some(isElsewhere))
    warnings.push(
      'REDIS_URL: the connection to another machine is not protected by TLS; begin it with rediss, or name redis in ALLOW_PLAINTEXT',
    );
  return warnings;
}

function mayBeRead(databaseUrl: string): boolean {
  return tlsOf(databaseUrl) !== 'verified' && isElsewhere(databaseHost(databaseUrl));
}

function hostsOf(redis: RedisAddress): readonly string[] {
  const endpoints = redis.kind === 'single' ? [redis.endpoint] : redis.endpoints;
  return endpoints.map(({ host }) => host);
}

/** Not the folder of a socket, and no loopback address. */
function isElsewhere(host: string): boolean {
  return host !== '' && !host.startsWith('/') && !isLoopback(host);
}
