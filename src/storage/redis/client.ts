/** The library's clients for each form of `REDIS_URL`, configured to fail at once and reconnect by themselves. */
import { isIP } from 'node:net';
import { Cluster, Redis, type RedisCommander, type RedisOptions } from 'ioredis';
import type { RedisAddress, RedisEndpoint } from '../../platform/config/redisUrl.ts';
import type { SentinelLogin } from '../../platform/config/secrets.ts';
import { redisLimits } from './limits.ts';
import type { TlsFiles } from './tlsFiles.ts';

/** Commands for a single server and a Cluster alike. */
export type Commands = RedisCommander & Pick<Redis, 'pipeline' | 'multi'>;

export interface RedisClient {
  readonly commands: Commands;
  /** Tries once. Afterwards it reconnects by itself, for ever. */
  connect(): Promise<void>;
  connected(): boolean;
  /** Drops the connection and reconnects. */
  reconnect(): void;
  disconnect(): void;
  /** Every primary that may hold keys. */
  primaries(): readonly Redis[];
  /** A separate, unopened connection that does not reconnect: the subscriber opens the next one. */
  newSubscriber(): Redis;
  /** The last fault, in the library's or server's words. */
  lastFault(): string;
}

export interface ClientParts<Address = RedisAddress> {
  readonly address: Address;
  /** Undefined: Sentinels that ask get the address's login. */
  readonly sentinelLogin: SentinelLogin | undefined;
  readonly tlsFiles: TlsFiles;
}

export function createClient({ address, ...parts }: ClientParts): RedisClient {
  return address.kind === 'cluster'
    ? clusterClient({ address, ...parts })
    : serverClient({ address, ...parts });
}

/** The wait, in milliseconds, before attempt number `times`. */
export function backoff(times: number): number {
  return Math.min(
    redisLimits.redisBackoffFirstMilliseconds * 2 ** (times - 1),
    redisLimits.redisBackoffMilliseconds,
  );
}

/** The client's type depends on the reply mapping. */
type Options = RedisOptions & { readonly replyMapping: 'legacy' };

function baseOptions({ username, password }: RedisAddress) {
  return {
    username,
    password,
    // With RESP3 the login is part of HELLO, which a too old server quotes in its error.
    protocol: 2,
    replyMapping: 'legacy',
    disableClientInfo: true,
    lazyConnect: true,
    connectTimeout: redisLimits.redisMilliseconds,
    // For the library's own commands: callers give up earlier, see connection.ts.
    commandTimeout: redisLimits.redisMilliseconds,
    disconnectTimeout: redisLimits.redisProbeMilliseconds,
    maxRetriesPerRequest: 0,
    // Fails at once instead of queueing: a queue would grow during an outage.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A demoted primary: find the new one.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  } as const satisfies Options;
}

/** TLS sends and verifies the name; an address has none. */
function endpointOptions({ host, port }: RedisEndpoint, { address, tlsFiles }: ClientParts) {
  return {
    host,
    port,
    ...(address.tls ? { tls: tlsFiles.options(isIP(host) === 0 ? host : undefined) } : {}),
  };
}

function serverClient(parts: ClientParts<Exclude<RedisAddress, { kind: 'cluster' }>>): RedisClient {
  const { address, sentinelLogin } = parts;
  let opened = false;
  const retry = (times: number) => (opened ? backoff(times) : null);
  const options: Options = {
    ...baseOptions(address),
    db: address.database,
    ...(address.kind === 'single'
      ? endpointOptions(address.endpoint, parts)
      : sentinelOptions({ ...parts, address })),
  };
  const redis = new Redis({
    ...options,
    retryStrategy: retry,
    sentinelRetryStrategy: retry,
    enableAutoPipelining: true,
  });
  const lastFault = faultsOf(redis, 'error', 'sentinelError');

  // Many Sentinels need no login and refuse an unknown one, so send it only when asked.
  const loginToSentinels = () => {
    const login = { sentinelUsername: address.username, sentinelPassword: address.password };
    Object.assign(options, login);
    Object.assign(redis.options, login);
  };
  const sentinelsAsk = () =>
    address.kind === 'sentinel' &&
    sentinelLogin === undefined &&
    address.password !== undefined &&
    lastFault().includes('NOAUTH');

  return {
    commands: redis,
    async connect() {
      try {
        await redis.connect();
      } catch (error) {
        if (!sentinelsAsk()) throw error;
        loginToSentinels();
        await redis.connect();
      }
      opened = true;
    },
    connected: () => redis.status === 'ready',
    reconnect: () => redis.disconnect(true),
    disconnect: () => redis.disconnect(),
    primaries: () => [redis],
    newSubscriber: () => new Redis({ ...options, retryStrategy: null, sentinelRetryStrategy: () => null }),
    lastFault,
  };
}

function sentinelOptions(parts: ClientParts<RedisAddress & { kind: 'sentinel' }>) {
  const { sentinelLogin, tlsFiles } = parts;
  const { endpoints, master, tls } = parts.address;
  return {
    ...(sentinelLogin === undefined
      ? {}
      : { sentinelUsername: sentinelLogin.username, sentinelPassword: sentinelLogin.password }),
    sentinels: [...endpoints],
    name: master,
    role: 'master' as const,
    sentinelCommandTimeout: redisLimits.redisMilliseconds,
    ...(tls
      ? { tls: tlsFiles.options(), sentinelTLS: tlsFiles.options(), enableTLSForSentinelMode: true }
      : {}),
  };
}

function clusterClient(parts: ClientParts<RedisAddress & { kind: 'cluster' }>): RedisClient {
  const { address, tlsFiles } = parts;
  const options = { ...baseOptions(address), ...(address.tls ? { tls: tlsFiles.options() } : {}) };
  const cluster = new Cluster([...address.endpoints], {
    redisOptions: options,
    lazyConnect: true,
    clusterRetryStrategy: backoff,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    scaleReads: 'master',
    slotsRefreshTimeout: redisLimits.redisMilliseconds,
    // Resolved when connecting: TLS must verify the name, and it may move.
    dnsLookup: (name, callback) => callback(null, name),
    // A lost connection is reported at once: the caller can ask the database.
    retryDelayOnFailover: 0,
  });
  const lastFault = faultsOf(cluster, 'error', 'node error');
  return {
    commands: cluster,
    connect: () => cluster.connect(),
    connected: () => cluster.status === 'ready',
    reconnect: () => cluster.disconnect(true),
    disconnect: () => cluster.disconnect(),
    primaries: () => cluster.nodes('master'),
    newSubscriber() {
      // Any node works, because messages go to all; a primary certainly has the users.
      const nodes = cluster.nodes('master').map(({ options: { host = '', port = 0 } }) => ({ host, port }));
      const known = nodes.length > 0 ? nodes : address.endpoints;
      const chosen = known[Math.floor(Math.random() * known.length)] as RedisEndpoint;
      return new Redis({ ...options, ...endpointOptions(chosen, parts), retryStrategy: null });
    },
    lastFault,
  };
}

/** Always listens: the library prints unhandled events. */
function faultsOf(emitter: Redis | Cluster, ...events: readonly string[]): () => string {
  let last = 'no answer';
  for (const event of events) {
    (emitter as NodeJS.EventEmitter).on(event, (error: Error) => {
      const text = faultText(error);
      // Follows from a fault already recorded.
      if (!text.startsWith('Connection is closed')) last = text;
    });
  }
  return () => last;
}

/** Only the error's message: its other members hold the command, which may be the login. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { lastNodeError } = error as { lastNodeError?: unknown };
  if (lastNodeError instanceof Error) return faultText(lastNodeError);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
