/**
 * Configuration: environment → one typed, frozen value, read once before anything starts. Secrets are separate, so that a
 * configuration can be logged. Fixed limits are in `platform/limits.ts`.
 */
import type { Environment } from './env.ts';
import { defaultIssuer } from './issuer.ts';
import { hideSecrets, type Secrets } from './secrets.ts';
import { usualOperationsPort, type Values } from './settings.ts';
import { type ShownSetting, shownSettings } from './shownSettings.ts';
import { readValues } from './values.ts';

/** Durations are whole milliseconds. Port 0 means any free one. */
export type Config = Frozen<ReturnType<typeof configOf>>;
/** Paths of PEM files. With `clientCaPath`, every client needs a certificate signed by one of these CAs. */
export type GrpcTls = NonNullable<Config['grpc']['tls']>;
/** Paths of PEM files, each optional; a certificate comes with its key. */
export type RedisTls = Config['redisTls'];

type Frozen<T> = T extends object ? { readonly [Member in keyof T]: Frozen<T[Member]> } : T;

/** Throws one StartupError with all faults. */
export function readConfig(env: Environment): {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly settings: readonly ShownSetting[];
} {
  const values = readValues(env);
  const settings = shownSettings(env);
  return Object.freeze({ config: deepFreeze(configOf(values)), secrets: secretsOf(values), settings });
}

function configOf(v: Values) {
  const mode = v.DATABASE_URL === undefined ? ('embedded' as const) : ('server' as const);
  const isEmbedded = mode === 'embedded';
  return {
    http: {
      ...{ host: v.HTTP_HOST, port: v.HTTP_PORT, corsOrigins: v.CORS_ORIGINS ?? [] },
      hstsSubdomains: v.HSTS_SUBDOMAINS === 'on',
      /** Addresses and networks whose `X-Forwarded-For` is trusted. */
      trustedProxies: v.TRUSTED_PROXIES ?? [],
      /** Where clients connect with certificates; undefined: nowhere. */
      mtlsUrl: v.MTLS_URL,
    },
    grpc: {
      ...{ host: v.GRPC_HOST, port: v.GRPC_PORT, tls: grpcTlsOf(v) },
      // Convenient for trying things out; in production it would describe the interface to strangers.
      reflection: (v.GRPC_REFLECTION ?? (isEmbedded ? 'on' : 'off')) === 'on',
    },
    /** Health and metrics. `orAnyPort`: takes any free port when this one is in use. */
    operations: {
      ...{ host: v.OPERATIONS_HOST, port: v.OPERATIONS_PORT ?? usualOperationsPort },
      orAnyPort: v.OPERATIONS_PORT === undefined,
    },
    /** Between SIGTERM and the end of serving. */
    ...{ drainDelayMs: v.DRAIN_DELAY, workers: v.WORKERS },
    tokens: {
      issuer: v.ISSUER ?? defaultIssuer(v.HTTP_HOST, v.HTTP_PORT),
      /** For services. */
      audience: v.AUDIENCE,
      /** For `/auth/`. */
      accountAudience: v.ACCOUNT_AUDIENCE ?? v.AUDIENCE,
      accessTtlMs: v.ACCESS_TOKEN_TTL,
      /** After a second factor was proved, tokens say so for this long; undefined: always. */
      secondFactorMaxAgeMs: v.SECOND_FACTOR_MAX_AGE,
      dpopNonce: v.DPOP_NONCE,
    },
    earlierIssuersPath: v.EARLIER_ISSUERS,
    sessions: {
      ...{ refreshIdleTtlMs: v.REFRESH_IDLE_TTL, maxTtlMs: v.SESSION_MAX_TTL },
      ...{ refreshGraceMs: v.REFRESH_GRACE, replayEnds: v.REFRESH_REPLAY_ENDS },
      ...{ perUser: v.SESSIONS_PER_USER, retentionMs: v.SESSION_RETENTION },
      /** The action for each signal; see `sessions/context.ts`. */
      onSignal: {
        ...{ device_changed: v.ON_DEVICE_CHANGE, many_refusals: v.ON_MANY_REFUSALS },
        user_agent_changed: v.ON_USER_AGENT_CHANGE,
        two_networks: v.ON_TWO_NETWORKS,
        rapid_refresh: v.ON_RAPID_REFRESH,
        network_changed: v.ON_NETWORK_CHANGE,
      },
    },
    secondFactor: v.SECOND_FACTOR,
    /** Between the request of a reset of factors and the reset. */
    factorResetDelayMs: v.FACTOR_RESET_DELAY,
    /** Whether a code by mail is a second factor. */
    secondFactorByEmail: v.SECOND_FACTOR_EMAIL === 'on',
    /** The channels whose codes log in without the password. */
    codeLogin: codeLoginOf(v),
    /** JSON file of other providers. */
    providersPath: v.PROVIDERS_FILE,
    passwords: { minimumCharacters: v.PASSWORD_MINIMUM, breachedPath: v.BREACHED_PASSWORDS },
    audit: { retentionMs: v.AUDIT_RETENTION },
    keys: { rotationIntervalMs: v.KEY_ROTATION_INTERVAL, jwksMaxAgeMs: v.JWKS_MAX_AGE },
    /** In mode `server` the secrets hold both URLs and the KEY_ENCRYPTION_KEY; in mode `embedded` no URL. */
    storage: { mode, dataDir: v.DATA_DIR },
    redisTls: { caPath: v.REDIS_TLS_CA, certificatePath: v.REDIS_TLS_CERT, privateKeyPath: v.REDIS_TLS_KEY },
    leaseMs: v.LEASE,
    // A server has real users; a trial wants to register some.
    registration: v.REGISTRATION ?? (isEmbedded ? ('open' as const) : ('closed' as const)),
    /** True when REGISTRATION is not set. */
    registrationByDefault: v.REGISTRATION === undefined,
    messages: messagesOf(v, isEmbedded),
    /** Whether an unverified user cannot log in. */
    requireVerifiedEmail: v.REQUIRE_VERIFIED_EMAIL === 'on',
    /** Connections that may use a network without TLS and without a warning. */
    allowPlaintext: v.ALLOW_PLAINTEXT ?? [],
    /** Multiplies every budget. */
    rateLimits: v.RATE_LIMITS,
    logLevel: v.LOG_LEVEL,
  };
}

function messagesOf(v: Values, isEmbedded: boolean) {
  return {
    /** `folder`: mails are files. `none`: nothing is sent. */
    mail: v.MAIL_URL !== undefined ? ('smtp' as const) : isEmbedded ? ('folder' as const) : ('none' as const),
    mailFrom: v.MAIL_FROM ?? { name: 'Countersign', address: 'countersign@localhost' },
    smsWebhookUrl: v.SMS_WEBHOOK_URL,
    operatorWebhookUrl: v.OPERATOR_WEBHOOK_URL,
    /** Without any, no message is sent. */
    smsCountries: v.SMS_COUNTRIES ?? [],
  };
}

function codeLoginOf(v: Values): readonly ('mail' | 'sms')[] {
  const chosen = v.CODE_LOGIN ?? (v.SECOND_FACTOR_EMAIL === 'on' ? 'none' : 'mail');
  if (chosen === 'both') return ['mail', 'sms'];
  return chosen === 'none' ? [] : [chosen];
}

function grpcTlsOf(v: Values) {
  if (v.GRPC_TLS_CERT === undefined || v.GRPC_TLS_KEY === undefined) return undefined;
  const [certificatePath, privateKeyPath] = [v.GRPC_TLS_CERT, v.GRPC_TLS_KEY];
  return { certificatePath, privateKeyPath, clientCaPath: v.GRPC_TLS_CLIENT_CA };
}

function secretsOf(v: Values): Secrets {
  const [username, sentinelPassword] = [v.REDIS_SENTINEL_USERNAME, v.REDIS_SENTINEL_PASSWORD];
  return hideSecrets({
    databaseUrl: v.DATABASE_URL,
    redis: v.REDIS_URL,
    sentinelLogin: sentinelPassword === undefined ? undefined : { username, password: sentinelPassword },
    mailServer: v.MAIL_URL,
    smsWebhookSecret: v.SMS_WEBHOOK_SECRET,
    operatorWebhookSecret: v.OPERATOR_WEBHOOK_SECRET,
    keyEncryptionKey: v.KEY_ENCRYPTION_KEY,
    keyDecryptionKeys: v.KEY_DECRYPTION_KEYS ?? [],
  });
}

function deepFreeze<T extends object>(value: T): Frozen<T> {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value) as Frozen<T>;
}
