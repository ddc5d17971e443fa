/**
 * Several authorities as they are shipped, on one PostgreSQL and one Redis of the test's own. Every node reaches each of
 * the two through a line of its own, so that one node can be cut off from one of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from '../../src/platform/config/durations.ts';
import { permissions } from '../../src/services/service.ts';
import { askRunning } from '../../src/transport/cli/control.ts';
import { createGrpcClient, type GrpcClient, type HttpCall } from './clients.ts';
import { type PostgresServer, type PostgresSettings, startPostgres } from './postgres.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { startServer, type TestServer } from './server.ts';
import { startTcpProxy, type TcpProxy } from './tcpProxy.ts';

export interface ClusterNode {
  readonly name: string;
  readonly call: HttpCall;
  /** On its operations port. */
  readonly operations: HttpCall;
  readonly grpc: GrpcClient;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Of the process that runs now. */
  readonly httpUrl: string;
  /** Runs a command of the operator in the process that runs now; answers its exit code. */
  readonly command: (argv: readonly string[]) => Promise<number>;
  readonly grpcAddress: string;
  readonly lines: { readonly postgres: TcpProxy; readonly redis: TcpProxy };
  /** What the process that runs now has logged at level `error`. */
  errors(): readonly string[];
  /** The same, of level `warn`. */
  warnings(): readonly string[];
  /** Counts up whenever the process is frozen, thawed or killed: an answer across that says nothing about its speed. */
  readonly interruptions: number;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Asks the process to stop, as an operator does, and waits for its end. */
  drain(): Promise<void>;
  /** After `kill` or `drain`: another process on the same folder. Resolves when it says that it is ready, within this time. */
  start(milliseconds?: number): Promise<void>;
}

export interface Cluster {
  readonly nodes: readonly [ClusterNode, ...ClusterNode[]];
  readonly leaseMilliseconds: number;
  /** Of a service that may do everything. */
  readonly serviceToken: string;
  /** Opens what the nodes have sealed. */
  readonly keyEncryptionKey: string;
  readonly postgres: PostgresServer;
  /** The one that the nodes are connected to. */
  redis: RedisServer;
  stop(): Promise<void>;
}

export const leaseSeconds = 2;
/** No call waits longer than this: much more than an answer may take. */
const callMilliseconds = 5_000;

/**
 * Each with `settings` beside its own. The caller stops it: `t.teardown(() => cluster.stop())`. With `direct`, the nodes go
 * past their lines: for a load, of which the lines would be a part.
 * `database`: settings of PostgreSQL.
 */
export async function startCluster(
  count: number,
  settings: Settings = {},
  { direct = false, database }: { readonly direct?: boolean; readonly database?: PostgresSettings } = {},
): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const [postgres, redis] = await Promise.all([startPostgres(database), startRedis()]);
    const leaseMilliseconds = parseDuration(settings['LEASE'] ?? `${leaseSeconds}s`) ?? 0;
    const cluster = { postgres, redis, leaseMilliseconds, stop };
    undo.push(
      () => postgres.stop(),
      () => cluster.redis.stop(),
    );
    const keyEncryptionKey = randomBytes(32).toString('base64');
    const start = async (number: number, serviceToken?: string) => {
      const node = await startNode(`node-${number}`, {
        folder,
        postgres,
        redis,
        keyEncryptionKey,
        serviceToken,
        settings,
        direct,
      });
      undo.push(node.stop);
      return node;
    };
    // The first makes the tables, the keys and the token that all present.
    const first = await start(1);
    const others = Array.from({ length: count - 1 }, (_, index) => start(index + 2, first.serviceToken));
    const nodes: [ClusterNode, ...ClusterNode[]] = [first, ...(await Promise.all(others))];
    return Object.assign(cluster, { nodes, keyEncryptionKey, serviceToken: first.serviceToken });
  } catch (error) {
    await stop();
    throw error;
  }
}

type Settings = Readonly<Record<string, string>>;

interface NodeSurroundings {
  readonly settings: Settings;
  readonly direct: boolean;
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly keyEncryptionKey: string;
  /** Undefined for the first node, which then makes one. */
  readonly serviceToken: string | undefined;
}

interface StartedNode extends ClusterNode {
  readonly serviceToken: string;
  stop(): Promise<void>;
}

async function startNode(name: string, around: NodeSurroundings): Promise<StartedNode> {
  const lines = {
    postgres: await startTcpProxy(around.postgres.port),
    redis: await startTcpProxy(around.redis.port),
  };
  const databaseUrl = new URL(around.postgres.url);
  databaseUrl.port = String(around.direct ? around.postgres.port : lines.postgres.port);
  const redisPort = around.direct ? around.redis.port : lines.redis.port;
  const dataDir = join(around.folder, name);
  const env = {
    DATABASE_URL: databaseUrl.href,
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    KEY_ENCRYPTION_KEY: around.keyEncryptionKey,
    LEASE: `${leaseSeconds}s`,
    ...around.settings,
  };
  let server: TestServer = await startServer(dataDir, env);
  const serviceToken = around.serviceToken ?? (await newServiceToken(dataDir));
  const connect = () => createGrpcClient(`127.0.0.1:${server.grpcPort}`, serviceToken, callMilliseconds);
  let grpc = connect();
  let interruptions = 0;
  const signal = (which: 'SIGSTOP' | 'SIGCONT') => {
    interruptions += 1;
    server.process.signal(which);
  };
  const logged = (level: string) =>
    server.process
      .stderr()
      .split('\n')
      .filter((line) => line.includes(`"level":"${level}"`));
  return {
    name,
    serviceToken,
    lines,
    call: (method, path, options) =>
      server.call(method, path, { milliseconds: callMilliseconds, ...options }),
    operations: (method, path, options) =>
      server.operations(method, path, { milliseconds: callMilliseconds, ...options }),
    async command(argv) {
      const silent = { out: () => {}, err: () => {} };
      return (await askRunning(dataDir, { argv, input: undefined }, silent)) ?? 1;
    },
    errors: () => logged('error'),
    warnings: () => logged('warn'),
    get grpc() {
      return grpc;
    },
    get pid() {
      return server.process.pid;
    },
    get httpUrl() {
      return `http://127.0.0.1:${server.httpPort}`;
    },
    get grpcAddress() {
      return `127.0.0.1:${server.grpcPort}`;
    },
    get interruptions() {
      return interruptions;
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async kill() {
      interruptions += 1;
      await server.stop();
    },
    async drain() {
      interruptions += 1;
      server.process.signal('SIGTERM');
      await server.process.exited;
    },
    async start(milliseconds) {
      server = await startServer(dataDir, env, milliseconds);
      grpc.close();
      grpc = connect();
    },
    async stop() {
      grpc.close();
      await server.stop();
      await Promise.all([lines.postgres.close(), lines.redis.close()]);
    },
  };
}

/** As an operator makes one, beside the running authority. */
async function newServiceToken(dataDir: string): Promise<string> {
  const allowed = permissions.flatMap((permission) => ['--permission', permission]);
  const said: string[] = [];
  const hear = (line: string) => void said.push(line);
  const request = { argv: ['services', 'create', 'fault-tests', ...allowed], input: undefined };
  const code = await askRunning(dataDir, request, { out: hear, err: hear });
  if (code !== 0) throw new Error(`services create failed:\n${said.join('\n')}`);
  return said.at(-1)?.trim() ?? '';
}
