/** Connections to other machines without TLS: a private network may be intended, so only warn. */

import type { Config } from './config.ts';
import { databaseHost, tlsOf } from './databaseUrl.ts';
import { isLoopback } from './issuer.ts';
import type { Secrets } from './secrets.ts';

/** One line for each connection not named in ALLOW_PLAINTEXT. */
export function plaintextWarnings(
  { allowPlaintext }: Pick<Config, 'allowPlaintext'>,
  { databaseUrl, redis }: Pick<Secrets, 'databaseUrl' | 'redis'>,
): string[] {
  const hosts = redis?.kind === 'single' ? [redis.endpoint] : (redis?.endpoints ?? []);
  const read = {
    database:
      databaseUrl !== undefined &&
      tlsOf(databaseUrl) !== 'verified' &&
      isElsewhere(databaseHost(databaseUrl)),
    redis: redis?.tls === false && hosts.some(({ host }) => isElsewhere(host)),
  };
  const names = ['database', 'redis'] as const;
  return names.filter((name) => read[name] && !allowPlaintext.includes(name)).map((name) => warnings[name]);
}

const notProtected = 'the connection to another machine is not protected by TLS';
const warnings = {
  database: `DATABASE_URL: ${notProtected}; add ?sslmode=verify-full, or name database in ALLOW_PLAINTEXT`,
  redis: `REDIS_URL: ${notProtected}; begin it with rediss, or name redis in ALLOW_PLAINTEXT`,
};

/** Neither a socket folder nor a loopback address. */
function isElsewhere(host: string): boolean {
  return host !== '' && !host.startsWith('/') && !isLoopback(host);
}
