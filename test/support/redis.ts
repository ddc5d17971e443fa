/** A Redis server of the test's own, which it may freeze, flush and kill. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './freePort.ts';
import { startProcess } from './process.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Ends it, frozen or not, and removes its folder. */
  stop(): Promise<void>;
}

/** Keeps nothing on disk, unless `args` say so. With `port`, takes the place of a server that was stopped. */
export async function startRedis(
  options: { args?: readonly string[]; port?: number } = {},
): Promise<RedisServer> {
  const { args = [], port = await freePort() } = options;
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const server = startProcess('redis-server', [...place, '--save', '', '--appendonly', 'no', ...args]);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await server.waitForOutput(/Ready to accept connections/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, kill: server.signal, stop };
}

/** One command by a connection of its own: `redisCommand(port, 'CONFIG', 'SET', 'maxmemory', '1')`. */
export async function redisCommand(port: number, name: string, ...parameters: string[]): Promise<unknown> {
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  // The same fault rejects the command below.
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.call(name, ...parameters);
  } finally {
    redis.disconnect();
  }
}
