/** A Redis server of the test's own, which it may freeze, flush and kill; Sentinels and a Cluster of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from './eventually.ts';
import { freePort } from './freePort.ts';
import { type StartedProcess, startProcess } from './process.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sends one command as the user `default`, past all code of ours. */
  command(...words: readonly (string | Buffer | number)[]): Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it, frozen or not, and removes its folder. */
  stop(): Promise<void>;
}

/** Keeps nothing on disk, unless `args` say so. With `port`, takes the place of a server that was stopped. */
export async function startRedis(
  options: { args?: readonly string[]; port?: number } = {},
): Promise<RedisServer> {
  const { args = [], port = await freePort() } = options;
  const start = (folder: string) => {
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    return startProcess('redis-server', [...place, '--save', '', '--appendonly', 'no', ...args]);
  };
  const { server, stop } = await startInFolder(start, /Ready to accept connections/);
  const command = (...words: readonly (string | Buffer | number)[]) => commandTo(port, words);
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, command, kill: server.signal, stop };
}

/** One server that has all slots of a Cluster, which it can have for itself. */
export async function startCluster({ args = [] }: { args?: readonly string[] } = {}): Promise<RedisServer> {
  // Nodes talk on a port of their own, which by default is one that systems give to outgoing connections.
  const talk = ['--cluster-port', String(await freePort()), '--cluster-announce-ip', '127.0.0.1'];
  const server = await startRedis({ args: ['--cluster-enabled', 'yes', ...talk, ...args] });
  try {
    await server.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    const complete = async () => /cluster_state:ok/.test(String(await server.command('CLUSTER', 'INFO')));
    await eventually('the Cluster is complete', complete);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, url: `redis-cluster://127.0.0.1:${server.port}` };
}

export interface Replicated {
  /** With a Sentinel in it. */
  readonly url: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Makes the replica the primary, whatever the primary does. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** A primary, its replica, and a Sentinel that knows them as `mymaster`; with a password, if it is to ask for one. */
export async function startReplicated(options: { sentinelPassword?: string } = {}): Promise<Replicated> {
  const { sentinelPassword } = options;
  const primary = await startRedis();
  const args = ['--replicaof', '127.0.0.1', String(primary.port), '--repl-diskless-sync-delay', '0'];
  const replica = await startRedis({ args });
  const inStep = async () => /master_link_status:up/.test(String(await replica.command('INFO')));
  await eventually('the replica follows', inStep);
  const port = await freePort();
  const start = async (folder: string) => {
    const file = join(folder, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor mymaster 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds mymaster 60000',
      'sentinel failover-timeout mymaster 2000',
      ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return startProcess('redis-server', [file, '--sentinel']);
  };
  const sentinel = await startInFolder(start, /\+monitor master mymaster/);
  const ask = (...words: readonly string[]) => commandTo(port, ['SENTINEL', ...words], sentinelPassword);
  const known = async () => String(await ask('replicas', 'mymaster')).includes(String(replica.port));
  await eventually('the Sentinel knows the replica', known, 20_000);
  return {
    url: `redis-sentinel://127.0.0.1:${port}/mymaster`,
    primary,
    replica,
    async failOver() {
      await eventually(
        'the Sentinel agrees',
        async () => (await ask('failover', 'mymaster')) === 'OK',
        20_000,
      );
      const promoted = async () => String(await replica.command('ROLE')).startsWith('master');
      await eventually('the replica is promoted', promoted, 20_000);
      const announced = async () =>
        String(await ask('get-master-addr-by-name', 'mymaster')).endsWith(`,${replica.port}`);
      await eventually('the Sentinel names the new primary', announced, 20_000);
    },
    async stop() {
      await Promise.all([sentinel.stop(), primary.stop(), replica.stop()]);
    },
  };
}

async function startInFolder(
  start: (folder: string) => StartedProcess | Promise<StartedProcess>,
  ready: RegExp,
): Promise<{ server: StartedProcess; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const server = await start(folder);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.waitForOutput(ready);
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, stop };
}

/** Sends one command by a connection of its own. */
export async function commandTo(
  port: number,
  words: readonly (string | Buffer | number)[],
  password?: string,
): Promise<unknown> {
  const [name = '', ...parameters] = words;
  const redis = new Redis(port, {
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    ...(password === undefined ? {} : { password }),
  });
  // The command below fails with it.
  redis.on('error', () => {});
  try {
    return await redis.call(String(name), parameters);
  } finally {
    redis.disconnect();
  }
}
