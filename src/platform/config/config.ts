/**
 * Configuration: environment → one typed, related and frozen value, once, before anything starts. Owns which settings
 * there are and which cannot be used together; secrets stay apart, so that a configuration can be logged.
 * Does not own what is part of the design and not the operator's to change: that is `platform/limits.ts`.
 */
import { StartupError } from '@countersign/verifier/errors';
import type { Environment } from './env.ts';
import { defaultIssuer } from './issuer.ts';
import { relationFaults } from './relations.ts';
import { readSecretFiles } from './secretFiles.ts';
import { Secrets } from './secrets.ts';
import { usualOperationsPort } from './settings.ts';
import { readValues, type Values } from './values.ts';

/** Paths of PEM files. With `clientCaPath`, every client must present a certificate signed by one of its authorities. */
export interface GrpcTls {
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  readonly clientCaPath: string | undefined;
}

/** Paths of PEM files, each of which may be left out; a certificate and its key are there together. */
export interface RedisTls {
  readonly caPath: string | undefined;
  readonly certificatePath: string | undefined;
  readonly privateKeyPath: string | undefined;
}

/** Durations are whole milliseconds. A port of 0 means any free one. */
export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
    readonly hstsSubdomains: boolean;
    /** Addresses and networks whose `X-Forwarded-For` is believed. */
    readonly trustedProxies: readonly string[];
  };
  readonly grpc: {
    readonly host: string;
    readonly port: number;
    readonly reflection: boolean;
    readonly tls: GrpcTls | undefined;
  };
  /** Health and metrics. With `orAnyPort`, any free port will do when this one is taken. */
  readonly operations: { readonly host: string; readonly port: number; readonly orAnyPort: boolean };
  /** Between SIGTERM and the end of serving. */
  readonly drainDelayMs: number;
  readonly tokens: {
    readonly issuer: string;
    /** Of services. */
    readonly audience: string;
    /** Of `/auth/`; the same where no other was set. */
    readonly accountAudience: string;
    readonly accessTtlMs: number;
  };
  readonly sessions: {
    readonly refreshIdleTtlMs: number;
    readonly maxTtlMs: number;
    readonly refreshGraceMs: number;
    readonly replayEnds: Values['REFRESH_REPLAY_ENDS'];
    readonly perUser: number;
    /** What is done on each signal; see `sessions/context.ts`. */
    readonly onSignal: {
      readonly device_changed: Values['ON_DEVICE_CHANGE'];
      readonly user_agent_changed: Values['ON_USER_AGENT_CHANGE'];
      readonly two_networks: Values['ON_TWO_NETWORKS'];
      readonly rapid_refresh: Values['ON_RAPID_REFRESH'];
      readonly network_changed: Values['ON_NETWORK_CHANGE'];
    };
    readonly retentionMs: number;
  };
  readonly audit: { readonly retentionMs: number };
  readonly keys: { readonly rotationIntervalMs: number; readonly jwksMaxAgeMs: number };
  /** In mode `server` the secrets hold both URLs and the KEY_ENCRYPTION_KEY; in mode `embedded` no URL. */
  readonly storage: { readonly mode: 'embedded' | 'server'; readonly dataDir: string };
  /** For a Redis that is reached over TLS. */
  readonly redisTls: RedisTls;
  readonly leaseMs: number;
  readonly registration: 'open' | 'closed';
  /** No setting says so. */
  readonly registrationByDefault: boolean;
  /** What may go over a network without TLS, and without a warning. */
  readonly allowPlaintext: readonly ('grpc' | 'database' | 'redis')[];
  /** Multiplies every budget. */
  readonly rateLimits: Values['RATE_LIMITS'];
  readonly logLevel: Values['LOG_LEVEL'];
}

/**
 * Throws one StartupError for all faults together: a line for each, with the variable, the rule and what was given.
 * No line holds the value of a secret, or of a URL that may hold a password.
 */
export function readConfig(given: Environment): { readonly config: Config; readonly secrets: Secrets } {
  const { env, faults: unread } = readSecretFiles(given);
  const { values, faults } = readValues(env, [...unread.keys()]);
  const all = [...unread.values(), ...faults, ...relationFaults(values, env)];
  if (all.length > 0) throw new StartupError(all.join('\n'));
  return assemble(values as Values);
}

function assemble(v: Values): { config: Config; secrets: Secrets } {
  const mode = v.DATABASE_URL === undefined ? 'embedded' : 'server';
  // Handy where one tries things out; others are not told what there is.
  const reflection = (v.GRPC_REFLECTION ?? (mode === 'embedded' ? 'on' : 'off')) === 'on';
  const config: Config = {
    http: {
      ...{ host: v.HTTP_HOST, port: v.HTTP_PORT, corsOrigins: v.CORS_ORIGINS ?? [] },
      hstsSubdomains: v.HSTS_SUBDOMAINS === 'on',
      trustedProxies: v.TRUSTED_PROXIES ?? [],
    },
    grpc: { host: v.GRPC_HOST, port: v.GRPC_PORT, reflection, tls: grpcTls(v) },
    operations: {
      host: v.OPERATIONS_HOST,
      port: v.OPERATIONS_PORT ?? usualOperationsPort,
      orAnyPort: v.OPERATIONS_PORT === undefined,
    },
    drainDelayMs: v.DRAIN_DELAY,
    tokens: {
      issuer: v.ISSUER ?? defaultIssuer(v.HTTP_HOST, v.HTTP_PORT),
      audience: v.AUDIENCE,
      accountAudience: v.ACCOUNT_AUDIENCE ?? v.AUDIENCE,
      accessTtlMs: v.ACCESS_TOKEN_TTL,
    },
    sessions: {
      refreshIdleTtlMs: v.REFRESH_IDLE_TTL,
      maxTtlMs: v.SESSION_MAX_TTL,
      refreshGraceMs: v.REFRESH_GRACE,
      replayEnds: v.REFRESH_REPLAY_ENDS,
      perUser: v.SESSIONS_PER_USER,
      onSignal: {
        device_changed: v.ON_DEVICE_CHANGE,
        user_agent_changed: v.ON_USER_AGENT_CHANGE,
        two_networks: v.ON_TWO_NETWORKS,
        rapid_refresh: v.ON_RAPID_REFRESH,
        network_changed: v.ON_NETWORK_CHANGE,
      },
      retentionMs: v.SESSION_RETENTION,
    },
    audit: { retentionMs: v.AUDIT_RETENTION },
    keys: { rotationIntervalMs: v.KEY_ROTATION_INTERVAL, jwksMaxAgeMs: v.JWKS_MAX_AGE },
    storage: { mode, dataDir: v.DATA_DIR },
    redisTls: {
      caPath: v.REDIS_TLS_CA,
      certificatePath: v.REDIS_TLS_CERT,
      privateKeyPath: v.REDIS_TLS_KEY,
    },
    leaseMs: v.LEASE,
    // Who runs a server has users; who tries things out wants to register.
    registration: v.REGISTRATION ?? (mode === 'embedded' ? 'open' : 'closed'),
    registrationByDefault: v.REGISTRATION === undefined,
    allowPlaintext: v.ALLOW_PLAINTEXT ?? [],
    rateLimits: v.RATE_LIMITS,
    logLevel: v.LOG_LEVEL,
  };
  const secrets = new Secrets({
    databaseUrl: v.DATABASE_URL,
    redis: v.REDIS_URL,
    sentinelLogin:
      v.REDIS_SENTINEL_PASSWORD === undefined
        ? undefined
        : { username: v.REDIS_SENTINEL_USERNAME, password: v.REDIS_SENTINEL_PASSWORD },
    keyEncryptionKey: v.KEY_ENCRYPTION_KEY,
    keyDecryptionKeys: v.KEY_DECRYPTION_KEYS ?? [],
  });
  return Object.freeze({ config: deepFreeze(config), secrets });
}

function grpcTls(v: Values): GrpcTls | undefined {
  if (v.GRPC_TLS_CERT === undefined || v.GRPC_TLS_KEY === undefined) return undefined;
  return {
    certificatePath: v.GRPC_TLS_CERT,
    privateKeyPath: v.GRPC_TLS_KEY,
    clientCaPath: v.GRPC_TLS_CLIENT_CA,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
