/** The environment variables about Redis: rows of the table in `settings.ts`. */

export const pemFile = 'the path of a readable PEM file';

export const redisSettings = {
  REDIS_URL: {
    kind: 'redis',
    secret: true,
    whenUnset: 'none (embedded mode)',
    format:
      'redis://[user:password@]host[:port][/db], redis-sentinel://[user:password@]host[:port],…/master[/db] or redis-cluster://[user:password@]host[:port],…; with TLS rediss://, rediss-sentinel:// or rediss-cluster://',
    description: 'Redis server, Sentinels or Cluster. Set together with DATABASE_URL, or neither.',
  },
  REDIS_TLS_CA: {
    kind: 'file',
    whenUnset: 'the authorities that Node.js trusts',
    format: pemFile,
    description: 'Authorities of the certificates of Redis and of the Sentinels. Needs a REDIS_URL with TLS.',
  },
  REDIS_TLS_CERT: {
    kind: 'file',
    format: pemFile,
    description:
      'Certificate chain that is shown to Redis and to the Sentinels. Set together with REDIS_TLS_KEY; needs a REDIS_URL with TLS. All three files are read again for each connection.',
  },
  REDIS_TLS_KEY: {
    kind: 'file',
    format: pemFile,
    description: 'Private key of REDIS_TLS_CERT.',
  },
  REDIS_SENTINEL_USERNAME: {
    kind: 'string',
    format: '1–255 printable ASCII characters without spaces',
    description: 'User for the Sentinels. Needs REDIS_SENTINEL_PASSWORD.',
  },
  REDIS_SENTINEL_PASSWORD: {
    kind: 'password',
    secret: true,
    whenUnset: 'that of REDIS_URL, for Sentinels that ask for one',
    format: '1–512 characters, none of them a control character',
    description: 'Password for the Sentinels, in place of the one in REDIS_URL, which is for the servers.',
  },
} as const;
