/**
 * Every environment variable of the authority, in one table. Parsing, `--help` and the table of docs/settings.md all come from
 * it, so that they cannot disagree. Owns what a variable is called, means and defaults to; not how its text is read
 * (`values.ts`) nor which values go together (`relations.ts`).
 */
import { pemFile, redisSettings } from './redisSettings.ts';
import type { Setting } from './setting.ts';

/** Unless OPERATIONS_PORT says otherwise. */
export const usualOperationsPort = 9464;

const host = 'an IPv4 address, an IPv6 address without brackets, or a host name';
const port = 'a port, 0–65535; 0 takes any free port';

/** What may follow from a signal about the context of a session. */
const signalActions = ['ignore', 'note', 'notify', 'end'] as const;

const onSignal = <Default extends (typeof signalActions)[number]>(usual: Default, when: string) =>
  ({
    kind: 'enum',
    default: usual,
    choices: signalActions,
    format: 'ignore, note, notify or end',
    description: `What to do when ${when}.`,
  }) as const;

export const settings = {
  HTTP_HOST: {
    kind: 'host',
    default: '127.0.0.1',
    format: host,
    description: 'Address that the HTTP interface listens on.',
  },
  HTTP_PORT: {
    kind: 'port',
    default: '8080',
    format: port,
    description: 'Port of the HTTP interface.',
  },
  GRPC_HOST: {
    kind: 'host',
    default: '127.0.0.1',
    format: host,
    description: 'Address that the gRPC interface listens on.',
  },
  GRPC_PORT: {
    kind: 'port',
    default: '50051',
    format: port,
    description: 'Port of the gRPC interface.',
  },
  OPERATIONS_HOST: {
    kind: 'host',
    default: '127.0.0.1',
    format: host,
    description: 'Address that health and metrics are served on, from the beginning of a start.',
  },
  OPERATIONS_PORT: {
    kind: 'port',
    whenUnset: `${usualOperationsPort}, or any free port when it is taken`,
    format: port,
    description: 'Port of health and metrics.',
  },
  DRAIN_DELAY: {
    kind: 'duration',
    default: '0s',
    maximum: '5m',
    format: 'a duration, 0s–5m',
    description:
      'For how long a node that got SIGTERM goes on serving, not ready, until proxies and services have turned away.',
  },
  ISSUER: {
    kind: 'url',
    schemes: ['https', 'http'],
    whenUnset: 'http://HTTP_HOST:HTTP_PORT',
    format: 'an absolute https URL (http only on a loopback host) without query, fragment and trailing slash',
    description: 'Exact value of `iss` in every token, and the base of the metadata (RFC 8414).',
  },
  CORS_ORIGINS: {
    kind: 'origins',
    whenUnset: 'none: no other origin may',
    format:
      '1–20 origins as browsers write them, separated by commas: `https://app.example.com` (http only on a loopback host; no path, no wildcard, no `null`)',
    description: 'Origins whose pages may call `/auth/` and read the answers, with the cookie too (CORS).',
  },
  AUDIENCE: {
    kind: 'string',
    default: 'countersign',
    format: '1–255 printable ASCII characters without spaces',
    description: 'Value of `aud` in the access tokens for services; verifiers must expect it.',
  },
  ACCOUNT_AUDIENCE: {
    kind: 'string',
    whenUnset: 'AUDIENCE',
    format: '1–255 printable ASCII characters without spaces',
    description:
      'Value of `aud` in the access tokens that may use `/auth/`. Unless it differs from AUDIENCE, every service that is shown a token may use them, too.',
  },
  DATABASE_URL: {
    kind: 'url',
    secret: true,
    schemes: ['postgres', 'postgresql'],
    whenUnset: 'none (embedded mode)',
    format:
      'a postgres:// or postgresql:// URL; with ?schema=NAME the tables lie in that schema, else in public',
    description: 'PostgreSQL server. Set together with REDIS_URL, or neither.',
  },
  ...redisSettings,
  DATA_DIR: {
    kind: 'path',
    default: './data',
    format: 'the path of a folder; made when it is missing',
    description: 'Folder of the embedded database and of the secrets made on first start.',
  },
  ACCESS_TOKEN_TTL: {
    kind: 'duration',
    default: '15m',
    minimum: '1s',
    // The deny-list keeps every revocation for this long, in memory on every node and subscriber.
    maximum: '24h',
    // `exp` and `expires_in` are whole seconds; a fraction would make them say something that is not so.
    wholeSeconds: true,
    format: 'a duration in whole seconds, 1s–24h',
    description: 'Lifetime of an access token, and how long a revocation is kept.',
  },
  REFRESH_IDLE_TTL: {
    kind: 'duration',
    default: '30d',
    minimum: '1s',
    format: 'a duration, 1s–3650d',
    description: 'A session that is not refreshed for this long ends; every refresh starts it again.',
  },
  SESSION_MAX_TTL: {
    kind: 'duration',
    default: '90d',
    minimum: '1s',
    format: 'a duration, 1s–3650d',
    description: 'A session ends this long after its login, however often it is refreshed.',
  },
  SESSION_RETENTION: {
    kind: 'duration',
    default: '30d',
    minimum: '1s',
    format: 'a duration, 1s–3650d',
    description: 'How long a session is kept after it has ended or expired; then it is deleted.',
  },
  AUDIT_RETENTION: {
    kind: 'duration',
    default: '400d',
    // Whoever shortens it by mistake has a day to notice.
    minimum: '1d',
    format: 'a duration, 1d–3650d',
    description: 'How long audit events are kept; the seals that chain them stay.',
  },
  REFRESH_GRACE: {
    kind: 'duration',
    default: '10s',
    format: 'a duration shorter than ACCESS_TOKEN_TTL; 0s turns it off',
    description: 'For how long the previous refresh token still answers with the same successor.',
  },
  REFRESH_REPLAY_ENDS: {
    kind: 'enum',
    default: 'session',
    choices: ['session', 'all'],
    format: 'session or all',
    description: 'What ends when two parties have used one refresh token: its session, or all of the user.',
  },
  SESSIONS_PER_USER: {
    kind: 'count',
    default: '100',
    atLeast: 1,
    // They all end in one transaction, which takes a second then.
    atMost: 10_000,
    format: 'a whole number, 1–10000',
    description: 'Live sessions of one user; one login more ends the oldest.',
  },
  ON_DEVICE_CHANGE: onSignal('notify', 'a session is used with another `device_id`'),
  ON_USER_AGENT_CHANGE: onSignal('note', 'a session is used by another browser or system'),
  ON_TWO_NETWORKS: onSignal('note', 'a session is used from two networks at once'),
  ON_RAPID_REFRESH: onSignal('note', 'a session is refreshed again and again within seconds'),
  ON_NETWORK_CHANGE: onSignal('ignore', 'a session is used from another network'),
  KEY_ROTATION_INTERVAL: {
    kind: 'duration',
    default: '30d',
    minimum: '1s',
    format: 'a duration, 1s–3650d',
    description:
      'How long one key signs. At least twice JWKS_MAX_AGE: the next key is published for one interval before it signs.',
  },
  JWKS_MAX_AGE: {
    kind: 'duration',
    default: '5m',
    minimum: '1s',
    maximum: '24h',
    wholeSeconds: true,
    format: 'a duration in whole seconds, 1s–24h',
    description: 'For how long others may cache the public keys (`max-age`, RFC 9111).',
  },
  KEY_ENCRYPTION_KEY: {
    kind: 'secret',
    secret: true,
    whenUnset: 'embedded: made on first start, kept in DATA_DIR (0600)',
    format: '32 bytes in base64 (`openssl rand -base64 32`)',
    description: 'Seals signing keys and session secrets at rest; required with a database server.',
  },
  KEY_DECRYPTION_KEYS: {
    kind: 'secrets',
    secret: true,
    whenUnset: 'none',
    format: '1–4 keys as KEY_ENCRYPTION_KEY, separated by commas',
    description: 'Further keys that open what was sealed with them; for changing KEY_ENCRYPTION_KEY.',
  },
  LEASE: {
    kind: 'duration',
    default: '5s',
    minimum: '1s',
    maximum: '60s',
    format: 'a duration, 1s–60s',
    description: 'How long a node may answer from memory; a logout waits at most this long for a dead node.',
  },
  REGISTRATION: {
    kind: 'enum',
    whenUnset: 'open in embedded mode, closed with DATABASE_URL',
    choices: ['open', 'closed'],
    format: 'open or closed',
    description: 'Whether anyone may register, or only the command line makes users.',
  },
  RATE_LIMITS: {
    kind: 'scale',
    default: '1',
    format: 'a number that multiplies every budget, 0.1–1000, or off',
    description:
      'How often one address, one network, one account and all together may call login, register, refresh and password, end sessions, or read what is theirs. Wrong passwords are counted in any case.',
  },
  TRUSTED_PROXIES: {
    kind: 'networks',
    whenUnset: 'none',
    format: '1–64 IP addresses or networks as 10.0.0.0/8, separated by commas',
    description:
      'Proxies whose X-Forwarded-For, or else Forwarded, is believed; without them an address is the one that the connection comes from.',
  },
  HSTS_SUBDOMAINS: {
    kind: 'enum',
    default: 'off',
    choices: ['on', 'off'],
    format: 'on or off',
    description:
      'Whether browsers that have been here reach the hosts below this one by TLS only, too (includeSubDomains, RFC 6797).',
  },
  LOG_LEVEL: {
    kind: 'enum',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    format: 'trace, debug, info, warn, error, fatal or silent',
    description: 'Least severe log line that is written.',
  },
  GRPC_TLS_CERT: {
    kind: 'file',
    format: pemFile,
    description: 'Certificate chain of the gRPC interface. Set together with GRPC_TLS_KEY.',
  },
  GRPC_TLS_KEY: {
    kind: 'file',
    format: pemFile,
    description: 'Private key of GRPC_TLS_CERT.',
  },
  GRPC_TLS_CLIENT_CA: {
    kind: 'file',
    format: pemFile,
    description:
      'Authorities of client certificates; when set, every client must present one (mTLS). All three files are read again when they change.',
  },
  ALLOW_PLAINTEXT: {
    kind: 'several',
    choices: ['grpc', 'database', 'redis'],
    whenUnset: 'none: gRPC without TLS on loopback only, and a warning for the other two',
    format: 'grpc, database, redis, or several of them separated by commas',
    description: 'Connections that may leave this machine without TLS, as in a network that is private.',
  },
  GRPC_REFLECTION: {
    kind: 'enum',
    whenUnset: 'on in embedded mode, off with DATABASE_URL',
    choices: ['on', 'off'],
    format: 'on or off',
    description: 'Whether the gRPC interface describes itself to tools (server reflection).',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** In the order of the table. */
export const settingNames = Object.keys(settings) as SettingName[];

/** One setting with its optional members visible, whatever its row says. */
export function settingOf(name: SettingName): Setting {
  return settings[name];
}
