/**
 * Every environment variable of the authority, in one table: the source of the reader, the refusals, `serve --help` and
 * docs/settings.md. `relations.ts` has the rules between them.
 */
import { databaseUrl } from './databaseUrl.ts';
import { issuer, origins, webhookUrl } from './issuer.ts';
import * as a from './kinds.ts';
import { mailFrom, mailUrl } from './mailUrl.ts';
import { redisUrl } from './redisUrl.ts';

export interface Setting<T = unknown> {
  readonly kind: a.Kind<T>;
  /** As an operator would write it. Without it the variable is optional. */
  readonly default?: string;
  /** The behaviour when unset, for a setting without a default. */
  readonly whenUnset?: string;
  readonly description: string;
  /** Its value appears in no message. `NAME_FILE` may name a file that holds it. */
  readonly secret?: true;
}

const means = <S extends object>(setting: S) => ({
  means: (description: string) => ({ ...setting, description }),
});
/** A setting with a default, so it always has a value. */
const set = <T>(kind: a.Kind<T>, byDefault: string) => means({ kind, default: byDefault });
const unset = <T>(kind: a.Kind<T>, whenUnset = 'none') => means({ kind, whenUnset });
const secret = <T>(kind: a.Kind<T>, whenUnset: string) => means({ kind, whenUnset, secret: true as const });

/** Unless OPERATIONS_PORT is set. */
export const usualOperationsPort = 9464;

const graceForm = 'a duration shorter than ACCESS_TOKEN_TTL; 0s turns it off';
const plaintextUnset =
  'none: gRPC without TLS on loopback only, a warning for the database and Redis, and mail with TLS only';
const onOff = a.oneOf('on', 'off');
/** The actions for a context signal. */
const action = a.oneOf('ignore', 'note', 'notify', 'step_up', 'end');

/** Group → settings, in reading order. */
export const groups = {
  Interfaces: {
    HTTP_HOST: set(a.host, '127.0.0.1').means('Address that the HTTP interface listens on.'),
    HTTP_PORT: set(a.port, '8080').means('Port of the HTTP interface.'),
    GRPC_HOST: set(a.host, '127.0.0.1').means('Address that the gRPC interface listens on.'),
    GRPC_PORT: set(a.port, '50051').means('Port of the gRPC interface.'),
    GRPC_TLS_CERT: unset(a.pemFile).means(
      'Certificate chain of the gRPC interface. Set together with GRPC_TLS_KEY.',
    ),
    GRPC_TLS_KEY: unset(a.pemFile).means('Private key of GRPC_TLS_CERT.'),
    GRPC_TLS_CLIENT_CA: unset(a.pemFile).means(
      'Authorities of client certificates; when set, every client must present one (mTLS). All three files are read again when they change.',
    ),
    GRPC_REFLECTION: unset(onOff, 'on in embedded mode, off with DATABASE_URL').means(
      'Whether the gRPC interface describes itself to tools (server reflection).',
    ),
    OPERATIONS_HOST: set(a.host, '127.0.0.1').means(
      'Address of health and metrics, which are served from the beginning of a start.',
    ),
    OPERATIONS_PORT: unset(a.port, `${usualOperationsPort}, or any free port when it is taken`).means(
      'Port of health and metrics.',
    ),
    DRAIN_DELAY: set(a.duration('0s', '5m'), '0s').means(
      'How long a node keeps serving, not ready, after SIGTERM, until proxies and services use other nodes.',
    ),
    WORKERS: set(a.workers, '1').means(
      'Processes that serve the same ports, each a node; auto starts one for each core. More than one needs DATABASE_URL.',
    ),
    LOG_LEVEL: set(a.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info').means(
      'Lowest log level that is written.',
    ),
  },
  Tokens: {
    ISSUER: unset(issuer, 'http://HTTP_HOST:HTTP_PORT').means(
      'Exact value of `iss` in every token, and the base of the metadata (RFC 8414).',
    ),
    AUDIENCE: set(a.word, 'countersign').means(
      'Value of `aud` in the access tokens for services; verifiers must expect it.',
    ),
    ACCOUNT_AUDIENCE: unset(a.word, 'AUDIENCE').means(
      'Value of `aud` in the access tokens that may use `/auth/`. If it equals AUDIENCE, every service that receives a token may use `/auth/` with it.',
    ),
    // The deny-list keeps every revocation this long, in the memory of every node and guard.
    ACCESS_TOKEN_TTL: set(a.wholeSeconds('1s', '24h'), '15m').means(
      'Lifetime of an access token, and how long a revocation is kept.',
    ),
    DPOP_NONCE: set(a.oneOf('offered', 'required'), 'offered').means(
      'Whether a proof of a key (DPoP) must have a nonce of this authority. One that has it is always checked.',
    ),
    EARLIER_ISSUERS: unset(a.file, 'none').means(
      'JSON file with the issuers of a system that users move from: their tokens are introspected and revoked like ours until they expire. Equal on every node.',
    ),
    LEASE: set(a.duration('1s', '60s'), '5s').means(
      'How long a node may answer from memory; a logout waits at most this long for a dead node.',
    ),
  },
  'Database and Redis': {
    DATABASE_URL: secret(databaseUrl, 'none (embedded mode)').means(
      'PostgreSQL server. Set together with REDIS_URL, or neither.',
    ),
    REDIS_URL: secret(redisUrl, 'none (embedded mode)').means(
      'Redis server, Sentinels or Cluster. Set together with DATABASE_URL, or neither.',
    ),
    REDIS_TLS_CA: unset(a.pemFile, 'the authorities that Node.js trusts').means(
      'Authorities of the certificates of Redis and of the Sentinels. Needs a REDIS_URL with TLS.',
    ),
    REDIS_TLS_CERT: unset(a.pemFile).means(
      'Certificate chain for Redis and for the Sentinels. Set together with REDIS_TLS_KEY; needs a REDIS_URL with TLS. All three files are read again for each connection.',
    ),
    REDIS_TLS_KEY: unset(a.pemFile).means('Private key of REDIS_TLS_CERT.'),
    REDIS_SENTINEL_USERNAME: unset(a.word).means('User for the Sentinels. Needs REDIS_SENTINEL_PASSWORD.'),
    REDIS_SENTINEL_PASSWORD: secret(a.password, 'that of REDIS_URL, for Sentinels that ask for one').means(
      'Password for the Sentinels, in place of the one in REDIS_URL, which is for the servers.',
    ),
    DATA_DIR: set(a.folder, './data').means(
      'Folder of the embedded database and of the secrets created on first start.',
    ),
  },
  Sessions: {
    REFRESH_IDLE_TTL: set(a.duration('1s'), '30d').means(
      'A session that is not refreshed for this long ends; every refresh starts it again.',
    ),
    SESSION_MAX_TTL: set(a.duration('1s'), '90d').means(
      'A session ends this long after its login, however often it is refreshed.',
    ),
    SESSION_RETENTION: set(a.duration('1s'), '30d').means(
      'How long a session is kept after it has ended or expired; then it is deleted.',
    ),
    REFRESH_GRACE: set(a.duration('0s', '3650d', graceForm), '30s').means(
      'How long the previous refresh token still returns the same successor. With a key (DPoP) it does so until the successor is used.',
    ),
    REFRESH_REPLAY_ENDS: set(a.oneOf('session', 'all'), 'session').means(
      'What ends when two parties have used one refresh token: its session, or all sessions of the user.',
    ),
    // They all end in one transaction: about a second at the maximum.
    SESSIONS_PER_USER: set(a.count(1, 10_000), '100').means(
      'Live sessions of one user; a further login ends the oldest.',
    ),
    ON_DEVICE_CHANGE: set(action, 'notify').means(
      'What to do when a session is used with another `device_id`.',
    ),
    ON_MANY_REFUSALS: set(action, 'notify').means(
      'What to do when a login follows 20 or more wrong passwords or codes; `end` means that none is checked any more, as usually after 100.',
    ),
    ON_USER_AGENT_CHANGE: set(action, 'note').means(
      'What to do when a session is used by another browser or system.',
    ),
    ON_TWO_NETWORKS: set(action, 'note').means(
      'What to do when a session is used from two networks at once.',
    ),
    ON_RAPID_REFRESH: set(action, 'note').means(
      'What to do when a session is refreshed again and again within seconds.',
    ),
    ON_NETWORK_CHANGE: set(action, 'ignore').means('What to do when a session is used from another network.'),
  },
  'E-mail and messages': {
    MAIL_URL: secret(mailUrl, 'embedded: mails are files in DATA_DIR/mail; with DATABASE_URL: no mail').means(
      'Mail server (SMTP). Without TLS it is refused, unless the server is on this machine or ALLOW_PLAINTEXT names mail.',
    ),
    MAIL_FROM: unset(mailFrom, 'none; embedded: countersign@localhost').means(
      'Sender of mails. Set together with MAIL_URL.',
    ),
    REQUIRE_VERIFIED_EMAIL: set(onOff, 'off').means(
      'Whether a user must prove the e-mail before the first login. Registration then reveals no address. Users whose e-mail is not proved log in after a recovery by mail.',
    ),
    SMS_WEBHOOK_URL: unset(webhookUrl, 'none: no SMS').means(
      'Where messages for phones are posted. Set together with SMS_WEBHOOK_SECRET.',
    ),
    SMS_WEBHOOK_SECRET: secret(a.password, 'none').means('Signs what is posted to SMS_WEBHOOK_URL.'),
    OPERATOR_WEBHOOK_URL: unset(webhookUrl, 'none: no events').means(
      'Where events for operators are posted, such as a stolen refresh token. Set together with OPERATOR_WEBHOOK_SECRET.',
    ),
    OPERATOR_WEBHOOK_SECRET: secret(a.password, 'none').means(
      'Signs what is posted to OPERATOR_WEBHOOK_URL.',
    ),
    SMS_COUNTRIES: unset(a.countries, 'none: no SMS').means(
      'Countries whose mobile phones get messages. Each one more is one more that fraudsters earn with. Needs SMS_WEBHOOK_URL.',
    ),
  },
  'Keys and the audit log': {
    KEY_ROTATION_INTERVAL: set(a.duration('1s'), '30d').means(
      'How long one key signs. At least twice JWKS_MAX_AGE: the next key is published for one interval before it signs.',
    ),
    JWKS_MAX_AGE: set(a.wholeSeconds('1s', '24h'), '5m').means(
      'How long others may cache the public keys (`max-age`, RFC 9111).',
    ),
    KEY_ENCRYPTION_KEY: secret(a.key, 'embedded: created on first start, kept in DATA_DIR (0600)').means(
      'Seals signing keys and session secrets at rest; required with a database server.',
    ),
    KEY_DECRYPTION_KEYS: secret(a.keys, 'none').means(
      'Earlier keys that still open what they have sealed; for changing KEY_ENCRYPTION_KEY.',
    ),
    // An operator who shortens it by mistake has a day to notice.
    AUDIT_RETENTION: set(a.duration('1d'), '400d').means(
      'How long audit events are kept; the seals that chain them stay.',
    ),
  },
  Protection: {
    REGISTRATION: unset(a.oneOf('open', 'closed'), 'open in embedded mode, closed with DATABASE_URL').means(
      'Whether anyone may register, or only the command line creates users.',
    ),
    SECOND_FACTOR: set(a.oneOf('none', 'offered', 'required'), 'offered').means(
      'Whether users may add a second factor, or must. A user who has one is always asked for it.',
    ),
    SECOND_FACTOR_MAX_AGE: unset(a.duration('1m'), 'as long as the session').means(
      'How long a second factor counts. Tokens of a session that proved it longer ago say one factor, until the user steps up.',
    ),
    SECOND_FACTOR_EMAIL: set(onOff, 'off').means(
      'Whether a code by mail is the second factor of users who proved their e-mail and have no other. It is weak: whoever has the mailbox can also set a new password.',
    ),
    FACTOR_RESET_DELAY: set(a.duration('0s', '30d'), '24h').means(
      'How long support waits before it removes the second factors of a user. Until then the owner, who is told, can stop it.',
    ),
    CODE_LOGIN: unset(a.oneOf('none', 'mail', 'sms', 'both'), 'mail; none with SECOND_FACTOR_EMAIL on').means(
      'How users may log in with a one-time code in place of the password. With sms, a phone alone opens a session, unless its user has another second factor.',
    ),
    PROVIDERS_FILE: unset(a.file, 'none').means(
      'JSON file with the providers that users may sign in with, and their secrets. Equal on every node.',
    ),
    PASSWORD_MINIMUM: set(a.count(8, 64), '15').means(
      'Least number of characters of a new password. Fewer than 15 need SECOND_FACTOR required (NIST SP 800-63B-4).',
    ),
    BREACHED_PASSWORDS: unset(a.path).means(
      'Passwords of public breaches, which nobody may choose: a folder of SHA-1 ranges or one sorted file, as Have I Been Pwned publishes them.',
    ),
    RATE_LIMITS: set(a.scale, '1').means(
      'How often one address, one network, one account and all callers together may log in, register, refresh, change a password or a factor, end sessions, or read their own data. Wrong passwords are always counted.',
    ),
    TRUSTED_PROXIES: unset(a.networks).means(
      'Proxies whose X-Forwarded-For, or else Forwarded, is trusted; without them, the address of the connection counts.',
    ),
    MTLS_URL: unset(issuer, 'none: client certificates are not used over HTTP').means(
      'Where clients reach `/oauth2/` with certificates: a proxy of TRUSTED_PROXIES asks for them, and says them in Client-Cert (RFC 9440). It must remove that header from every other request.',
    ),
    CORS_ORIGINS: unset(origins, 'none: no other origin may').means(
      'Origins whose pages may call `/auth/` and read the answers, with the cookie too (CORS).',
    ),
    HSTS_SUBDOMAINS: set(onOff, 'off').means(
      'Whether HSTS covers subdomains, too: browsers then reach them over TLS only (includeSubDomains, RFC 6797).',
    ),
    ALLOW_PLAINTEXT: unset(a.several('grpc', 'database', 'redis', 'mail'), plaintextUnset).means(
      'Connections that may leave this machine without TLS, as in a private network.',
    ),
  },
};

export const settings = Object.assign({}, ...Object.values(groups)) as Flat<typeof groups>;

type Flat<Groups> = UnionToIntersection<Groups[keyof Groups]>;
type UnionToIntersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

export type SettingName = keyof typeof settings;

/** In table order. */
export const settingNames = Object.keys(settings) as SettingName[];

/** One setting, typed with all optional members. */
export const settingOf = (name: SettingName): Setting => settings[name] as Setting;

type ValueOf<S> = S extends { kind: a.Kind<infer T> }
  ? S extends { default: string }
    ? T
    : T | undefined
  : never;

/** Every setting's value: durations in milliseconds, secrets as bytes, `undefined` for an unset optional one. */
export type Values = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };
