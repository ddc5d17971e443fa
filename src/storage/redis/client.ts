/** The library's clients for each form of `REDIS_URL`, set up so that they fail at once and come back by themselves. */
import { isIP } from 'node:net';
import { Cluster, Redis, type RedisCommander, type RedisOptions } from 'ioredis';
import type { RedisAddress, RedisEndpoint } from '../../platform/config/redisUrl.ts';
import type { SentinelLogin } from '../../platform/config/secrets.ts';
import { redisLimits } from './limits.ts';
import type { TlsFiles } from './tlsFiles.ts';

/** What can be sent to one server and to a Cluster alike. */
export type Commands = RedisCommander & Pick<Redis, 'pipeline' | 'multi'>;

export interface RedisClient {
  readonly commands: Commands;
  /** One try. Afterwards it connects again by itself, for ever. */
  connect(): Promise<void>;
  connected(): boolean;
  /** Gives the connection up and makes it again. */
  reconnect(): void;
  disconnect(): void;
  /** Every primary that may hold keys. */
  primaries(): readonly Redis[];
  /** A connection of its own, not yet opened, which does not come back: whoever subscribes on it opens the next. */
  newSubscriber(): Redis;
  /** What went wrong last, in the words of the library or of the server. */
  lastFault(): string;
}

export interface ClientParts<Address = RedisAddress> {
  readonly address: Address;
  /** Undefined: Sentinels that ask for a login are sent that of the address. */
  readonly sentinelLogin: SentinelLogin | undefined;
  readonly tlsFiles: TlsFiles;
}

export function createClient({ address, ...parts }: ClientParts): RedisClient {
  return address.kind === 'cluster'
    ? clusterClient({ address, ...parts })
    : serverClient({ address, ...parts });
}

/** The `times`-th wait before another try, in milliseconds. */
export function backoff(times: number): number {
  return Math.min(
    redisLimits.redisBackoffFirstMilliseconds * 2 ** (times - 1),
    redisLimits.redisBackoffMilliseconds,
  );
}

/** The client's type depends on how it shows replies. */
type Options = RedisOptions & { readonly replyMapping: 'legacy' };

function baseOptions({ username, password }: RedisAddress) {
  return {
    username,
    password,
    // With RESP3 the login is part of HELLO, which a server that is too old quotes in its refusal.
    protocol: 2,
    replyMapping: 'legacy',
    disableClientInfo: true,
    lazyConnect: true,
    connectTimeout: redisLimits.redisMilliseconds,
    // For the library's own commands: callers are given up earlier, see connection.ts.
    commandTimeout: redisLimits.redisMilliseconds,
    disconnectTimeout: redisLimits.redisProbeMilliseconds,
    maxRetriesPerRequest: 0,
    // What cannot be sent now fails now: a queue would grow for as long as the server is away.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A primary that was demoted: ask again who the primary is.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  } as const satisfies Options;
}

/** TLS sends and verifies the name; an address has none to send. */
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

  // Many Sentinels ask for no login, and refuse one that they do not know: they are sent it only when they ask.
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
    // A name is resolved when it is connected to: TLS has to verify it, and it may move.
    dnsLookup: (name, callback) => callback(null, name),
    // A lost connection is the caller's to know: it has the truth to ask.
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
      // Any node will do, since a message goes to all of them; a primary surely has the users.
      const nodes = cluster.nodes('master').map(({ options: { host = '', port = 0 } }) => ({ host, port }));
      const known = nodes.length > 0 ? nodes : address.endpoints;
      const chosen = known[Math.floor(Math.random() * known.length)] as RedisEndpoint;
      return new Redis({ ...options, ...endpointOptions(chosen, parts), retryStrategy: null });
    },
    lastFault,
  };
}

/** The events must be heard in any case: the library prints those that nobody hears. */
function faultsOf(emitter: Redis | Cluster, ...events: readonly string[]): () => string {
  let last = 'no answer';
  for (const event of events) {
    (emitter as NodeJS.EventEmitter).on(event, (error: Error) => {
      const text = faultText(error);
      // What comes of a fault that was told before.
      if (!text.startsWith('Connection is closed')) last = text;
    });
  }
  return () => last;
}

/** The words of an error and nothing else of it: its other members hold the command, which may be the login. */
export function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { lastNodeError } = error as { lastNodeError?: unknown };
  if (lastNodeError instanceof Error) return faultText(lastNodeError);
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}
