import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { StartupError } from '@countersign/verifier/errors';
import t from 'tap';
import { readConfig } from '../../../src/platform/config/config.ts';
import { processEnvironment } from '../../../src/platform/config/env.ts';
import { plaintextWarnings } from '../../../src/platform/config/plaintext.ts';
import { settingNames } from '../../../src/platform/config/settings.ts';
import { settingsHelp, settingsMarkdown } from '../../../src/platform/config/settingsText.ts';
import { platformLimits } from '../../../src/platform/limits.ts';

type Env = Record<string, string | undefined>;

const key = Buffer.alloc(32, 0xfb);
const server: Env = {
  DATABASE_URL: 'postgres://countersign:hunter2@db.internal/countersign',
  REDIS_URL: 'rediss://:hunter2@cache.internal:6380/1',
  KEY_ENCRYPTION_KEY: key.toString('base64'),
};

const databaseWith = (query: string): Env => ({ ...server, DATABASE_URL: `postgres://db/x?${query}` });

const plainRedis: Env = { ...server, REDIS_URL: 'redis://cache' };

/** The lines of the StartupError, or none. */
function faults(env: Env): string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.message.split('\n');
  }
}

/** The variables that are complained about, in order. */
function faulty(env: Env): string[] {
  return faults(env).map((line) => line.slice(0, line.indexOf(':')));
}

const manyOrigins = (count: number) =>
  Array.from({ length: count }, (_, number) => `https://a${number}.example`).join(',');

const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
const pem = join(folder, 'a.pem');
writeFileSync(pem, 'not looked into');
t.teardown(() => rmSync(folder, { recursive: true }));

t.test('nothing set: embedded mode with the documented defaults', (t) => {
  const { config, secrets } = readConfig({});
  t.strictSame(config, {
    http: {
      host: '127.0.0.1',
      port: 8080,
      corsOrigins: [],
      hstsSubdomains: false,
      trustedProxies: [],
      mtlsUrl: undefined,
    },
    grpc: { host: '127.0.0.1', port: 50051, reflection: true, tls: undefined },
    operations: { host: '127.0.0.1', port: 9464, orAnyPort: true },
    drainDelayMs: 0,
    workers: 1,
    tokens: {
      issuer: 'http://127.0.0.1:8080',
      audience: 'countersign',
      accountAudience: 'countersign',
      accessTtlMs: 900_000,
      secondFactorMaxAgeMs: undefined,
      dpopNonce: 'offered',
    },
    earlierIssuersPath: undefined,
    sessions: {
      ...{ refreshIdleTtlMs: 2_592_000_000, maxTtlMs: 7_776_000_000, refreshGraceMs: 30_000 },
      ...{ replayEnds: 'session', perUser: 100 },
      onSignal: {
        ...{ device_changed: 'notify', user_agent_changed: 'note', two_networks: 'note' },
        many_refusals: 'notify',
        ...{ rapid_refresh: 'note', network_changed: 'ignore' },
      },
      retentionMs: 2_592_000_000,
    },
    ...{ secondFactor: 'offered', secondFactorByEmail: false, codeLogin: ['mail'] },
    factorResetDelayMs: 86_400_000,
    providersPath: undefined,
    passwords: { minimumCharacters: 15, breachedPath: undefined },
    audit: { retentionMs: 34_560_000_000 },
    keys: { rotationIntervalMs: 2_592_000_000, jwksMaxAgeMs: 300_000 },
    storage: { mode: 'embedded', dataDir: './data' },
    redisTls: { caPath: undefined, certificatePath: undefined, privateKeyPath: undefined },
    leaseMs: 5_000,
    messages: {
      mail: 'folder',
      mailFrom: { name: 'Countersign', address: 'countersign@localhost' },
      ...{ smsWebhookUrl: undefined, smsCountries: [], operatorWebhookUrl: undefined },
    },
    requireVerifiedEmail: false,
    ...{ registration: 'open', registrationByDefault: true, allowPlaintext: [] },
    rateLimits: 1,
    logLevel: 'info',
  });
  t.equal(secrets.databaseUrl, undefined);
  t.equal(secrets.redis, undefined);
  t.equal(secrets.sentinelLogin, undefined);
  t.equal(secrets.keyEncryptionKey, undefined);
  t.end();
});

t.test('everything set: server mode, and every variable arrives', (t) => {
  const { config, secrets } = readConfig({
    ...server,
    HTTP_HOST: '0.0.0.0',
    HTTP_PORT: '0',
    GRPC_HOST: '::',
    GRPC_PORT: '65535',
    OPERATIONS_HOST: '10.1.2.3',
    OPERATIONS_PORT: '9464',
    DRAIN_DELAY: '5s',
    WORKERS: '3',
    ISSUER: 'https://auth.example.com/tenant',
    CORS_ORIGINS: 'https://app.example.com, https://admin.example.com:8443',
    AUDIENCE: 'https://api.example.com',
    ACCOUNT_AUDIENCE: 'https://auth.example.com/account',
    DATA_DIR: '/var/lib/countersign',
    EARLIER_ISSUERS: pem,
    DPOP_NONCE: 'required',
    PROVIDERS_FILE: pem,
    ACCESS_TOKEN_TTL: '5m',
    REFRESH_IDLE_TTL: '7d',
    SESSION_MAX_TTL: '14d',
    SESSION_RETENTION: '3d',
    AUDIT_RETENTION: '90d',
    REFRESH_GRACE: '500ms',
    REFRESH_REPLAY_ENDS: 'all',
    SESSIONS_PER_USER: '7',
    ON_DEVICE_CHANGE: 'end',
    ON_MANY_REFUSALS: 'end',
    ON_USER_AGENT_CHANGE: 'notify',
    ON_TWO_NETWORKS: 'step_up',
    ON_RAPID_REFRESH: 'notify',
    ON_NETWORK_CHANGE: 'note',
    KEY_ROTATION_INTERVAL: '12h',
    JWKS_MAX_AGE: '1m',
    LEASE: '2s',
    MAIL_URL: 'smtps://mail.example.com',
    MAIL_FROM: 'no-reply@example.com',
    REQUIRE_VERIFIED_EMAIL: 'on',
    SMS_WEBHOOK_URL: 'https://sms.example.com/send',
    SMS_WEBHOOK_SECRET: 'hunter2',
    OPERATOR_WEBHOOK_URL: 'https://ops.example.com/events',
    OPERATOR_WEBHOOK_SECRET: 'hunter4',
    REGISTRATION: 'open',
    SMS_COUNTRIES: 'DE, AT',
    SECOND_FACTOR: 'required',
    SECOND_FACTOR_MAX_AGE: '8h',
    SECOND_FACTOR_EMAIL: 'on',
    FACTOR_RESET_DELAY: '2d',
    CODE_LOGIN: 'none',
    PASSWORD_MINIMUM: '8',
    ALLOW_PLAINTEXT: 'grpc, redis',
    RATE_LIMITS: '2.5',
    TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1',
    MTLS_URL: 'https://mtls.auth.example.com',
    HSTS_SUBDOMAINS: 'on',
    LOG_LEVEL: 'debug',
    GRPC_TLS_CERT: pem,
    GRPC_TLS_KEY: pem,
    GRPC_TLS_CLIENT_CA: pem,
    GRPC_REFLECTION: 'off',
    REDIS_URL: 'rediss-sentinel://:hunter2@cache.internal:6380/main/1',
    REDIS_TLS_CA: pem,
    REDIS_TLS_CERT: pem,
    REDIS_TLS_KEY: pem,
    REDIS_SENTINEL_USERNAME: 'watcher',
    REDIS_SENTINEL_PASSWORD: 'hünter 3',
  });
  t.strictSame(config, {
    http: {
      host: '0.0.0.0',
      port: 0,
      corsOrigins: ['https://app.example.com', 'https://admin.example.com:8443'],
      hstsSubdomains: true,
      trustedProxies: ['10.0.0.0/8', '2001:db8::1'],
      mtlsUrl: 'https://mtls.auth.example.com',
    },
    grpc: {
      host: '::',
      port: 65_535,
      reflection: false,
      tls: { certificatePath: pem, privateKeyPath: pem, clientCaPath: pem },
    },
    operations: { host: '10.1.2.3', port: 9464, orAnyPort: false },
    drainDelayMs: 5_000,
    workers: 3,
    tokens: {
      issuer: 'https://auth.example.com/tenant',
      audience: 'https://api.example.com',
      accountAudience: 'https://auth.example.com/account',
      accessTtlMs: 300_000,
      secondFactorMaxAgeMs: 28_800_000,
      dpopNonce: 'required',
    },
    earlierIssuersPath: pem,
    sessions: {
      ...{ refreshIdleTtlMs: 604_800_000, maxTtlMs: 1_209_600_000, refreshGraceMs: 500 },
      ...{ replayEnds: 'all', perUser: 7 },
      onSignal: {
        ...{ device_changed: 'end', user_agent_changed: 'notify', two_networks: 'step_up' },
        many_refusals: 'end',
        ...{ rapid_refresh: 'notify', network_changed: 'note' },
      },
      retentionMs: 259_200_000,
    },
    ...{ secondFactor: 'required', secondFactorByEmail: true, codeLogin: [] },
    factorResetDelayMs: 172_800_000,
    providersPath: pem,
    passwords: { minimumCharacters: 8, breachedPath: undefined },
    audit: { retentionMs: 7_776_000_000 },
    keys: { rotationIntervalMs: 43_200_000, jwksMaxAgeMs: 60_000 },
    storage: { mode: 'server', dataDir: '/var/lib/countersign' },
    redisTls: { caPath: pem, certificatePath: pem, privateKeyPath: pem },
    leaseMs: 2_000,
    messages: {
      mail: 'smtp',
      mailFrom: { name: '', address: 'no-reply@example.com' },
      ...{ smsWebhookUrl: 'https://sms.example.com/send', smsCountries: ['DE', 'AT'] },
      operatorWebhookUrl: 'https://ops.example.com/events',
    },
    requireVerifiedEmail: true,
    ...{ registration: 'open', registrationByDefault: false, allowPlaintext: ['grpc', 'redis'] },
    rateLimits: 2.5,
    logLevel: 'debug',
  });
  t.equal(secrets.databaseUrl, server['DATABASE_URL']);
  t.strictSame(secrets.redis, {
    kind: 'sentinel',
    tls: true,
    username: undefined,
    password: 'hunter2',
    endpoints: [{ host: 'cache.internal', port: 6380 }],
    master: 'main',
    database: 1,
  });
  t.strictSame(secrets.sentinelLogin, { username: 'watcher', password: 'hünter 3' });
  t.strictSame(secrets.keyEncryptionKey, key);
  t.equal(secrets.smsWebhookSecret, 'hunter2');
  t.equal(secrets.operatorWebhookSecret, 'hunter4');
  t.end();
});

t.test('these are accepted', (t) => {
  const table: [string, Env][] = [
    ['an empty variable counts as not set', { HTTP_PORT: '', DATABASE_URL: '', REDIS_URL: '', ISSUER: '' }],
    ['a variable that is not ours', { HTTP_PROT: '99999', PATH: '/bin' }],
    ['any free ports, with an issuer', { HTTP_PORT: '0', GRPC_PORT: '0', ISSUER: 'http://localhost:8080' }],
    ['an IPv6 loopback host', { HTTP_HOST: '::1' }],
    ['the same port on two loopback addresses', { GRPC_HOST: '127.0.0.2', GRPC_PORT: '8080' }],
    ['HTTP where operations usually are', { HTTP_PORT: '9464' }],
    ['any free ports for all', { OPERATIONS_PORT: '0', GRPC_PORT: '0' }],
    ['an http issuer on 127.0.0.0/8', { ISSUER: 'http://127.9.9.9:1234' }],
    ['an http issuer on [::1]', { ISSUER: 'http://[::1]:8080' }],
    [
      'origins of pages',
      {
        CORS_ORIGINS:
          'https://a.example,http://localhost:3000,http://[::1]:5173,https://xn--bcher-kva.example',
      },
    ],
    ['as many origins as there may be', { CORS_ORIGINS: manyOrigins(20) }],
    ['a key in base64url', { KEY_ENCRYPTION_KEY: key.toString('base64url') }],
    ['a key of our own in embedded mode', { KEY_ENCRYPTION_KEY: key.toString('base64') }],
    ['four keys that open', { KEY_DECRYPTION_KEYS: Array(4).fill(key.toString('base64')).join(', ') }],
    ['a socket of PostgreSQL', { ...server, DATABASE_URL: 'postgresql:///auth?host=/run/postgresql' }],
    ['limits that are just equal', { REFRESH_IDLE_TTL: '90d', SESSION_MAX_TTL: '90d' }],
    ['a token as long as the idle limit', { REFRESH_IDLE_TTL: '15m' }],
    ['no grace at all', { REFRESH_GRACE: '0s' }],
    ...['off', '0.1', '12.125', '1000'].map((text): [string, Env] => [
      `limits: ${text}`,
      { RATE_LIMITS: text },
    ]),
    ...['127.0.0.1', '10.0.0.0/8,192.168.0.0/16', '::1, fc00::/7', '::ffff:10.0.0.1'].map(
      (text): [string, Env] => [`proxies: ${text}`, { TRUSTED_PROXIES: text }],
    ),
    ['gRPC without TLS where that is allowed', { GRPC_HOST: '0.0.0.0', ALLOW_PLAINTEXT: 'redis,grpc' }],
    ['gRPC with TLS everywhere', { GRPC_HOST: '::', GRPC_TLS_CERT: pem, GRPC_TLS_KEY: pem }],
    ['a database over TLS', databaseWith(`sslmode=verify-full&sslrootcert=${pem}`)],
    ['TLS without client certificates', { GRPC_TLS_CERT: pem, GRPC_TLS_KEY: pem }],
    [
      'tiny times, as tests need them',
      {
        ACCESS_TOKEN_TTL: '2s',
        REFRESH_GRACE: '500ms',
        REFRESH_IDLE_TTL: '3s',
        SESSION_MAX_TTL: '6s',
        KEY_ROTATION_INTERVAL: '6s',
        JWKS_MAX_AGE: '3s',
        LEASE: '1s',
      },
    ],
  ];
  for (const [what, env] of table) t.strictSame(faults(env), [], what);
  t.end();
});

t.test('an issuer on IPv6 or a default port is written as URLs are', (t) => {
  t.equal(readConfig({ HTTP_HOST: '::1' }).config.tokens.issuer, 'http://[::1]:8080');
  t.equal(readConfig({ HTTP_PORT: '80' }).config.tokens.issuer, 'http://127.0.0.1');
  t.end();
});

t.test('a value that is not of its form is refused, naming its variable', (t) => {
  const table: [string, string[]][] = [
    ['HTTP_HOST', ['[::1]', 'localhost:80', 'a b', '-a', '256.1.1.1', '127.1', 'http://localhost']],
    ['GRPC_HOST', ['a..b', 'a_b', '*']],
    ['HTTP_PORT', ['65536', '-1', '80a', '8e3', '080', ' 80', '80.0', '99999999999']],
    ['GRPC_PORT', ['x', '0x50', '+1']],
    ['EARLIER_ISSUERS', [join(folder, 'none'), folder]],
    ['PROVIDERS_FILE', [join(folder, 'none'), folder]],
    ['ALLOW_PLAINTEXT', ['http', 'grpc,', 'GRPC', 'all']],
    ['AUDIENCE', ['a b', 'ü', 'a\n', 'x'.repeat(256)]],
    ['ACCOUNT_AUDIENCE', ['a b', 'ü', 'a\n', 'x'.repeat(256)]],
    ['ACCESS_TOKEN_TTL', ['0s', '500ms', '1500ms', '25h', '15', '-1m', '15m ']],
    ['REFRESH_IDLE_TTL', ['999ms', '30', '4000d']],
    ['SESSION_MAX_TTL', ['0d', 'never']],
    ['REFRESH_GRACE', ['-1s', '25h', '10']],
    ['SECOND_FACTOR', ['yes', 'Required']],
    ['SECOND_FACTOR_EMAIL', ['yes', 'On']],
    ['CODE_LOGIN', ['email', 'mail,sms', 'on']],
    ['SMS_COUNTRIES', ['de', 'DEU', 'UK', 'EU', 'QQ', 'DE;AT', '+49', 'DE,']],
    ['PASSWORD_MINIMUM', ['7', '65', 'none', '15.5']],
    ['SESSION_RETENTION', ['0s', '999ms', '30']],
    ['AUDIT_RETENTION', ['0d', '23h', '4000d', 'forever']],
    ['KEY_ROTATION_INTERVAL', ['0s', 'monthly']],
    ['JWKS_MAX_AGE', ['500ms', '1500ms', '25h']],
    ['LEASE', ['999ms', '61s', '5']],
    ['DRAIN_DELAY', ['6m', '-1s', '5', 'soon']],
    ['WORKERS', ['0', '65', '-1', '1.5', 'Auto', 'all']],
    ['OPERATIONS_PORT', ['65536', 'any', '-1']],
    ['REGISTRATION', ['Open', 'yes']],
    ['RATE_LIMITS', ['on', '0', '0.09', '1000.5', '1e2', '-1', '1,5', '01', '10000']],
    ['MTLS_URL', ['mtls.example.com', 'ftp://mtls.example.com']],
    [
      'TRUSTED_PROXIES',
      [
        ...['1', 'true', 'loopback', 'proxy.internal', '10.0.0.0/0', '10.0.0.0/33', '::/129', '10.0.0.0/08'],
        ...['10.0.0.0/255.0.0.0', '10.0.0', 'fe80::1%eth0', '10.0.0.1,', ',', '10.0.0.1;10.0.0.2', '/8', '*'],
        Array(65).fill('10.0.0.1').join(','),
      ],
    ],
    ['HSTS_SUBDOMAINS', ['true', 'ON']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['GRPC_REFLECTION', ['true', '1']],
    ['DATA_DIR', ['a\0b']],
    [
      'ISSUER',
      [
        'auth.example.com',
        'ftp://auth.example.com',
        'https:auth.example.com',
        'https://',
        'https://auth.example.com/',
        'https://auth.example.com/tenant/',
        'https://auth.example.com?x=1',
        'https://auth.example.com?',
        'https://auth.example.com#x',
        'https://auth.example.com#',
        'https://user:hunter2@auth.example.com',
        'https://@auth.example.com',
        'https://AUTH.example.com',
        'https://auth.example.com:443',
        'https://auth.example.com/a/../b',
        'https://auth.exa\tmple.com',
        'http://auth.example.com',
        'http://127.0.0.1.example.com',
        'http://localhost.example.com',
        'http://0.0.0.0:8080',
        'http://[::]:8080',
        'http://127.1:8080',
      ],
    ],
    [
      'CORS_ORIGINS',
      [
        ',',
        'https://app.example.com,',
        manyOrigins(21),
        '*',
        'null',
        'app.example.com',
        'https:app.example.com',
        'https://',
        'https://*',
        'https://*.example.com',
        'https://app.example.com/',
        'https://app.example.com/path',
        'https://app.example.com?',
        'https://app.example.com#',
        'https://app.example.com:443',
        'https://App.example.com',
        'https://bücher.example',
        'https://me:hunter2@app.example.com',
        'https://app.example.com https://admin.example.com',
        'https://app.exa\tmple.com',
        'https://127.1',
        'http://app.example.com',
        'http://127.0.0.1.example.com',
        'http://localhost.example.com',
        'ftp://app.example.com',
        'chrome-extension://abcdefghijklmnop',
        'file://',
        'https://app.example.com,http://app.example.com',
      ],
    ],
  ];
  for (const [name, texts] of table) {
    for (const text of texts)
      t.strictSame(faulty({ [name]: text }), [name], `${name}=${JSON.stringify(text)}`);
  }
  t.end();
});

t.test('a URL or a key that cannot be used is refused', (t) => {
  const table: [string, string[]][] = [
    ['DATABASE_URL', ['mysql://db/x', 'db.internal', 'postgres:db', 'postgres://[hunter2', 'https://db']],
    ['REDIS_URL', ['http://cache', 'cache:6379', 'redis:cache']],
    [
      'KEY_ENCRYPTION_KEY',
      [
        Buffer.alloc(31, 1).toString('base64'),
        Buffer.alloc(33, 1).toString('base64'),
        key.toString('hex'),
        `${key.toString('base64')}\n`,
        `${'A'.repeat(42)}B`, // stray low bits
        '-'.repeat(20) + '+'.repeat(23), // two alphabets
        'hunter2',
      ],
    ],
    [
      'KEY_DECRYPTION_KEYS',
      [
        ',',
        `${key.toString('base64')},`,
        `${key.toString('base64')};${key.toString('base64')}`,
        Array(5).fill(key.toString('base64')).join(','),
        `${key.toString('base64')},hunter2`,
      ],
    ],
  ];
  for (const [name, texts] of table) {
    for (const text of texts) t.strictSame(faulty({ ...server, [name]: text }), [name], `${name}=${text}`);
  }
  t.end();
});

t.test('values that are well-formed but cannot go together are refused, with the reason', (t) => {
  const { DATABASE_URL, REDIS_URL, KEY_ENCRYPTION_KEY } = server;
  const wide = { ISSUER: 'https://auth.example.com' };
  const table: [string, Env, string[]][] = [
    ['only the database', { DATABASE_URL, KEY_ENCRYPTION_KEY }, ['DATABASE_URL']],
    ['only Redis', { REDIS_URL }, ['DATABASE_URL']],
    ['a server without the sealing key', { DATABASE_URL, REDIS_URL }, ['KEY_ENCRYPTION_KEY']],
    ['countries without a webhook', { SMS_COUNTRIES: 'DE' }, ['SMS_COUNTRIES']],
    ['a mailbox as both factors', { SECOND_FACTOR_EMAIL: 'on', CODE_LOGIN: 'mail' }, ['CODE_LOGIN']],
    ['a phone alone', { SECOND_FACTOR: 'required', CODE_LOGIN: 'both' }, ['CODE_LOGIN']],
    ['a short password alone', { PASSWORD_MINIMUM: '14' }, ['PASSWORD_MINIMUM']],
    [
      'a short password beside a factor that is only offered',
      { PASSWORD_MINIMUM: '8', SECOND_FACTOR: 'offered' },
      ['PASSWORD_MINIMUM'],
    ],
    ['grace as long as a token', { REFRESH_GRACE: '15m' }, ['REFRESH_GRACE']],
    ['idle limit beyond the absolute one', { REFRESH_IDLE_TTL: '91d' }, ['REFRESH_IDLE_TTL']],
    ['token outlives the session', { REFRESH_IDLE_TTL: '14m' }, ['ACCESS_TOKEN_TTL']],
    ['rotation faster than the caches', { KEY_ROTATION_INTERVAL: '599s' }, ['KEY_ROTATION_INTERVAL']],
    [
      'caches slower than the rotation',
      { JWKS_MAX_AGE: '4s', KEY_ROTATION_INTERVAL: '7s' },
      ['KEY_ROTATION_INTERVAL'],
    ],
    ['default issuer on every address', { HTTP_HOST: '0.0.0.0' }, ['ISSUER']],
    ['default issuer on a scoped address', { HTTP_HOST: 'fe80::1%eth0' }, ['ISSUER']],
    ['default issuer on an unknown port', { HTTP_PORT: '0' }, ['ISSUER']],
    ['one socket for two', { GRPC_PORT: '8080' }, ['GRPC_PORT']],
    [
      'one socket, by wildcard',
      { GRPC_PORT: '8080', GRPC_HOST: '0.0.0.0', ALLOW_PLAINTEXT: 'grpc' },
      ['GRPC_PORT'],
    ],
    ['one socket, by IPv6 wildcard', { ...wide, GRPC_PORT: '8080', HTTP_HOST: '::' }, ['GRPC_PORT']],
    ['one socket, by name', { GRPC_PORT: '8080', GRPC_HOST: 'localhost' }, ['GRPC_PORT']],
    ['operations on the socket of HTTP', { OPERATIONS_PORT: '8080' }, ['OPERATIONS_PORT']],
    [
      'operations on the socket of gRPC',
      { OPERATIONS_PORT: '50051', OPERATIONS_HOST: '0.0.0.0' },
      ['OPERATIONS_PORT'],
    ],
    ['a certificate without its key', { GRPC_TLS_CERT: pem }, ['GRPC_TLS_CERT']],
    ['a key without its certificate', { GRPC_TLS_KEY: pem }, ['GRPC_TLS_CERT']],
    ['gRPC without TLS for others to read', { GRPC_HOST: '0.0.0.0' }, ['GRPC_HOST']],
    [
      'gRPC without TLS, while another is allowed that',
      { GRPC_HOST: '10.0.0.1', ALLOW_PLAINTEXT: 'database' },
      ['GRPC_HOST'],
    ],
    ['an unknown sslmode', databaseWith('sslmode=required'), ['DATABASE_URL']],
    ['an sslmode that every object has', databaseWith('sslmode=constructor'), ['DATABASE_URL']],
    ['authorities that are not there', databaseWith('sslrootcert=/nowhere.pem'), ['DATABASE_URL']],
    ['client certificates without TLS', { GRPC_TLS_CLIENT_CA: pem }, ['GRPC_TLS_CLIENT_CA']],
    ['a certificate for Redis without its key', { ...server, REDIS_TLS_CERT: pem }, ['REDIS_TLS_CERT']],
    ['a key for Redis without its certificate', { ...server, REDIS_TLS_KEY: pem }, ['REDIS_TLS_CERT']],
    ['authorities for a Redis without TLS', { ...plainRedis, REDIS_TLS_CA: pem }, ['REDIS_TLS_CA']],
    [
      'a certificate for a Redis without TLS',
      { ...plainRedis, REDIS_TLS_CERT: pem, REDIS_TLS_KEY: pem },
      ['REDIS_TLS_CERT'],
    ],
    ['authorities for no Redis', { REDIS_TLS_CA: pem }, ['REDIS_TLS_CA']],
    ['a password for no Sentinel', { ...server, REDIS_SENTINEL_PASSWORD: 'x' }, ['REDIS_SENTINEL_PASSWORD']],
    ['certificates of nobody', { MTLS_URL: 'https://mtls.example.com' }, ['MTLS_URL']],
    ['a user without a password', { ...server, REDIS_SENTINEL_USERNAME: 'x' }, ['REDIS_SENTINEL_USERNAME']],
  ];
  for (const [what, env, names] of table) {
    t.strictSame(faulty(env), names, what);
    t.match(
      faults(env)[0],
      /: (must|needs) .+: .+; given |: must be set when .+: .+; given /,
      `${what}: reason`,
    );
  }
  t.end();
});

t.test('an origin that is none is named by its place and its rule', (t) => {
  t.strictSame(faults({ CORS_ORIGINS: 'https://a.example,http://b.example' }), [
    'CORS_ORIGINS: must hold origins only; number 2 must be https, since its host is not a loopback address: an attacker on the network could act for it; given "https://a.example,http://b.example"',
  ]);
  t.end();
});

t.test('a PEM file must be there', (t) => {
  t.strictSame(faulty({ GRPC_TLS_CERT: join(folder, 'missing.pem'), GRPC_TLS_KEY: folder }), [
    'GRPC_TLS_CERT',
    'GRPC_TLS_KEY',
  ]);
  t.end();
});

t.test(
  'all faults are reported together, a line each, with the variable, the rule and what was given',
  (t) => {
    const lines = faults({
      HTTP_PORT: '99999',
      ISSUER: 'https://auth.example.com/',
      ACCESS_TOKEN_TTL: '1m',
      REFRESH_GRACE: '2m',
      LOG_LEVEL: 'loud\u202e\n',
      REDIS_URL: 'redis://cache',
    });
    t.strictSame(lines, [
      'HTTP_PORT: must be a port, 0–65535; 0 takes any free port; given "99999"',
      'LOG_LEVEL: must be trace, debug, info, warn, error, fatal or silent; given 6 characters, not shown',
      'ISSUER: must not end in a slash: the exact text is `iss`; given "https://auth.example.com/"',
      'DATABASE_URL: must be set together with REDIS_URL, or neither: several nodes need both, one node alone needs none; given DATABASE_URL not set, REDIS_URL 13 characters, not shown',
      'REFRESH_GRACE: must be shorter than ACCESS_TOKEN_TTL: it covers a lost answer, not a whole token lifetime; given REFRESH_GRACE "2m", ACCESS_TOKEN_TTL "1m"',
    ]);
    t.end();
  },
);

t.test('what was given cannot disturb the terminal or fill it', (t) => {
  const [line = ''] = faults({ REGISTRATION: `\u001b[2J\u202e${'x'.repeat(10_000)}` });
  t.match(line, /\\u001b\[2J\\u202exxx/);
  t.notMatch(line, /\p{C}/u);
  t.ok(line.length < 250);
  t.end();
});

t.test('a rule stays silent about a variable that is itself faulty', (t) => {
  t.strictSame(faulty({ REFRESH_GRACE: '15m', ACCESS_TOKEN_TTL: 'soon' }), ['ACCESS_TOKEN_TTL']);
  t.end();
});

t.test('no secret is in any message', (t) => {
  const secret = 'hunter2';
  const table: Env[] = [
    { DATABASE_URL: `postgres://a:${secret}@db/x` },
    { REDIS_URL: `redis://:${secret}@cache` },
    {
      DATABASE_URL: `mysql://a:${secret}@db/x`,
      REDIS_URL: `http://:${secret}@cache`,
      KEY_ENCRYPTION_KEY: secret,
      KEY_DECRYPTION_KEYS: secret,
    },
    { ISSUER: `https://me:${secret}@auth.example.com` },
    { HTTP_HOST: `https://me:${secret}@auth.example.com` },
    { CORS_ORIGINS: `https://a.example,https://me:${secret}@app.example.com` },
    { GRPC_TLS_KEY: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----` },
    { GRPC_TLS_KEY: `-----BEGIN PRIVATE KEY----- ${secret}` },
    { REDIS_SENTINEL_PASSWORD: secret },
    { REDIS_SENTINEL_PASSWORD: `${secret}\n` },
  ];
  for (const env of table) {
    const lines = faults(env);
    t.not(lines.length, 0, `${Object.keys(env).join(' ')} is refused`);
    t.notMatch(lines.join('\n'), secret, `${Object.keys(env).join(' ')} is not shown`);
  }
  t.end();
});

t.test('a secret comes from a file that is named for it', (t) => {
  const holding = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { DATABASE_URL = '', REDIS_URL = '', KEY_ENCRYPTION_KEY = '' } = server;
  const { secrets, config } = readConfig({
    DATABASE_URL_FILE: holding('url', `${DATABASE_URL}\n`),
    REDIS_URL_FILE: holding('redis', `\uFEFF${REDIS_URL}\r\n`),
    KEY_ENCRYPTION_KEY_FILE: holding('key', KEY_ENCRYPTION_KEY),
    KEY_DECRYPTION_KEYS_FILE: '',
  });
  t.equal(config.storage.mode, 'server');
  t.equal(secrets.databaseUrl, DATABASE_URL);
  t.match(secrets.redis, { endpoint: { host: 'cache.internal' } });
  t.strictSame(secrets.keyEncryptionKey, key);

  const large = holding('large', 'x'.repeat(platformLimits.secretFileBytes + 1));
  for (const [what, path] of [
    ['that is not there', join(folder, 'nothing')],
    ['that is a folder', folder],
    ['that is empty', holding('empty', '\n')],
    ['that is large', large],
    ['that is the secret itself', KEY_ENCRYPTION_KEY],
  ] as const) {
    const lines = faults({ ...server, KEY_ENCRYPTION_KEY: undefined, KEY_ENCRYPTION_KEY_FILE: path });
    t.strictSame(
      lines,
      [
        `KEY_ENCRYPTION_KEY_FILE: must be the path of a readable, non-empty file of up to 65536 bytes; given ${path.length} characters, not shown`,
      ],
      what,
    );
  }
  t.match(faults({ ...server, KEY_ENCRYPTION_KEY_FILE: holding('key', KEY_ENCRYPTION_KEY) }), [
    /^KEY_ENCRYPTION_KEY_FILE: must not be set beside KEY_ENCRYPTION_KEY/,
  ]);
  t.match(
    faults({ ...server, DATABASE_URL: undefined, DATABASE_URL_FILE: holding('bad', 'mysql://hunter2') }),
    [/^DATABASE_URL: must be a postgres:\/\/ .*; given 15 characters, not shown$/],
  );
  t.end();
});

t.test('who may register when nobody said', (t) => {
  t.equal(readConfig({}).config.registration, 'open', 'embedded');
  t.equal(readConfig(server).config.registration, 'closed', 'on a server');
  t.end();
});

t.test('a connection that others can read is warned of, unless it is allowed', (t) => {
  const warned = (env: Env) => {
    const { config, secrets } = readConfig({ ...server, REDIS_URL: 'redis://127.0.0.1', ...env });
    return plaintextWarnings(config, secrets).map((line) => line.slice(0, line.indexOf(':')));
  };
  const at = (url: string): Env => ({ DATABASE_URL: url });
  const table: [string, Env, string[]][] = [
    ['another machine', at('postgres://db/x'), ['DATABASE_URL']],
    ['sslmode=disable', at('postgres://db/x?sslmode=disable'), ['DATABASE_URL']],
    ['no-verify', at('postgres://db/x?sslmode=no-verify'), ['DATABASE_URL']],
    ['another host in the query', at('postgres://127.0.0.1/x?host=db'), ['DATABASE_URL']],
    ['allowed', { ...at('postgres://db/x'), ALLOW_PLAINTEXT: 'database' }, []],
    ['this machine', at('postgres://[::1]/x'), []],
    ['a socket', at('postgres:///x?host=/run/postgresql'), []],
    ['a socket in place of the host', at('postgres://%2Frun%2Fpostgresql/x'), []],
    ...['sslmode=require', 'sslmode=verify-full', 'ssl=true', `sslrootcert=${pem}`].map(
      (query): [string, Env, string[]] => [query, at(`postgres://db/x?${query}`), []],
    ),
    ['Redis', { ...at('postgres://[::1]/x'), REDIS_URL: 'redis://cache' }, ['REDIS_URL']],
    ['Sentinels', { ...at('postgres://[::1]/x'), REDIS_URL: 'redis-sentinel://[::1],b/m' }, ['REDIS_URL']],
    ['Redis over TLS', { ...at('postgres://[::1]/x'), REDIS_URL: 'rediss://cache' }, []],
    [
      'Redis that may',
      { ...at('postgres://db/x'), REDIS_URL: 'redis://cache', ALLOW_PLAINTEXT: 'redis' },
      ['DATABASE_URL'],
    ],
  ];
  for (const [what, env, expected] of table) t.strictSame(warned(env), expected, what);
  t.end();
});

t.test('mail and messages', (t) => {
  const { config, secrets } = readConfig({
    MAIL_URL: 'smtp://user%40example.com:hunter2@mail.example.com',
    MAIL_FROM: 'Example GmbH <no-reply@example.com>',
    SMS_WEBHOOK_URL: 'https://sms.example.com/send',
    SMS_WEBHOOK_SECRET: 'hunter2',
  });
  const login = { username: 'user@example.com', password: 'hunter2' };
  t.strictSame(secrets.mailServer, { host: 'mail.example.com', port: 587, ...login, tls: false });
  t.strictSame(config.messages.mailFrom, { name: 'Example GmbH', address: 'no-reply@example.com' });
  t.equal(config.messages.mail, 'smtp');
  t.equal(readConfig({}).config.messages.mail, 'folder');
  t.equal(readConfig(server).config.messages.mail, 'none');
  t.equal(readConfig({ MAIL_URL: 'smtps://[::1]', MAIL_FROM: 'a@b.c' }).secrets.mailServer?.port, 465);
  const from = { MAIL_FROM: 'a@example.com' };
  const faults: readonly [Record<string, string>, RegExp][] = [
    [{ MAIL_URL: 'smtp://mail.example.com' }, /^MAIL_URL: must be set together with MAIL_FROM/],
    [{ ...from, MAIL_URL: 'http://mail.example.com' }, /^MAIL_URL: must be smtp/],
    [{ ...from, MAIL_URL: 'smtp://:hunter2@mail.example.com' }, /^MAIL_URL: must be smtp.* not shown$/],
    [{ MAIL_FROM: 'a@example.com, b@example.com' }, /^MAIL_FROM: must be an address/],
    [{ MAIL_FROM: 'A <a@example.com>\r\nBcc: <b@example.com>' }, /^MAIL_FROM: must be an address/],
    [{ ...server, REQUIRE_VERIFIED_EMAIL: 'on' }, /^REQUIRE_VERIFIED_EMAIL: needs MAIL_URL/],
    [{ SMS_WEBHOOK_URL: 'https://sms.example.com' }, /^SMS_WEBHOOK_URL: must be set together/],
    [
      { SMS_WEBHOOK_URL: 'http://sms.example.com', SMS_WEBHOOK_SECRET: 'x' },
      /^SMS_WEBHOOK_URL: must be an https/,
    ],
  ];
  for (const [env, expected] of faults) t.throws(() => readConfig(env), { message: expected });
  t.doesNotThrow(() => readConfig({ REQUIRE_VERIFIED_EMAIL: 'on' }), 'embedded, mails are files');
  t.end();
});

t.test('secrets cannot be printed', (t) => {
  const { config, secrets } = readConfig(server);
  const holder = { deep: { config, secrets }, list: [secrets] };
  const printed = [
    inspect(secrets, { showHidden: true, depth: null, getters: true }),
    inspect(secrets, { showHidden: true, depth: null, customInspect: false }),
    inspect(holder, { showHidden: true, depth: null }),
    JSON.stringify(holder),
    String(secrets),
    `${secrets}`,
    JSON.stringify({ ...secrets }),
    inspect(structuredClone(secrets)),
    inspect(Object.entries(secrets)),
  ];
  t.equal(inspect(secrets), '[secret]');
  t.equal(JSON.stringify(secrets), '"[secret]"');
  const base64 = key.toString('base64').slice(0, 20);
  for (const text of printed) {
    t.notMatch(text, 'hunter2');
    t.notMatch(text, base64);
    t.notMatch(text, 'fb fb fb');
    t.notMatch(text, '251,251');
  }
  t.end();
});

t.test('a configuration cannot be changed', (t) => {
  const { config, secrets } = readConfig({ GRPC_TLS_CERT: pem, GRPC_TLS_KEY: pem });
  for (const part of [
    config,
    config.http,
    config.grpc,
    config.grpc.tls,
    config.tokens,
    config.sessions,
    secrets,
  ]) {
    t.ok(Object.isFrozen(part));
  }
  t.ok(Object.isFrozen(config.keys) && Object.isFrozen(config.storage));
  t.end();
});

t.test('help and docs/settings.md tell of every variable, and of its default', (t) => {
  const markdown = settingsMarkdown();
  for (const name of settingNames) t.match(markdown, `\n| \`${name}\` | `, `${name} in the table`);
  const told = settingsHelp().groups.flatMap(({ rows }) => rows.map(([name]) => name));
  t.strictSame(told, settingNames, 'the help has each once');
  t.match(markdown, '| `ACCESS_TOKEN_TTL` | `15m` | a duration in whole seconds, 1s–24h | ');
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) t.equal(row.split('|').length, 6, `four columns: ${row.slice(0, 30)}`);
  t.end();
});

t.test('the environment of the process is read where it is asked for', (t) => {
  t.equal(processEnvironment()['PATH'], process.env['PATH']);
  t.end();
});
