/** A Redis Sentinel of the test's own: it promotes the replica when it loses the primary. One vote decides. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './freePort.ts';
import { startProcess } from './process.ts';
import { commandTo } from './redis.ts';

export interface Sentinel {
  /** Where it believes the primary to be. */
  primaryPort(): Promise<number>;
  /** Whether it knows a replica that it could promote. */
  hasReplica(): Promise<boolean>;
  stop(): Promise<void>;
}

const group = 'countersign';

export async function startSentinel(options: {
  primaryPort: number;
  downAfterMilliseconds: number;
}): Promise<Sentinel> {
  const port = await freePort();
  const stop = await startWith([
    `port ${port}`,
    `sentinel monitor ${group} 127.0.0.1 ${options.primaryPort} 1`,
    `sentinel down-after-milliseconds ${group} ${options.downAfterMilliseconds}`,
    `sentinel failover-timeout ${group} 5000`,
  ]);
  return {
    stop,
    async primaryPort() {
      const [, at] = (await commandTo(port, ['SENTINEL', 'get-master-addr-by-name', group])) as string[];
      return Number(at);
    },
    async hasReplica() {
      const replicas = (await commandTo(port, ['SENTINEL', 'replicas', group])) as string[][];
      return replicas.some((fields) => fields[fields.indexOf('master-link-status') + 1] === 'ok');
    },
  };
}

/** One that speaks TLS only, and asks for a password; it knows one server, by its TLS port. `args`: as the server's own. */
export async function startTlsSentinel(options: {
  primaryPort: number;
  primaryPassword: string;
  password: string;
  args: readonly string[];
}): Promise<{ port: number; group: string; stop(): Promise<void> }> {
  const { primaryPort, primaryPassword, password, args } = options;
  const port = await freePort();
  const lines = [
    'port 0',
    `tls-port ${port}`,
    'tls-replication yes',
    `requirepass ${password}`,
    `sentinel monitor ${group} 127.0.0.1 ${primaryPort} 1`,
    `sentinel auth-pass ${group} ${primaryPassword}`,
  ];
  return { port, group, stop: await startWith(lines, args) };
}

/** Answers how to stop it. */
async function startWith(
  settings: readonly string[],
  args: readonly string[] = [],
): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const file = join(folder, 'sentinel.conf');
  await writeFile(file, `${['bind 127.0.0.1', `dir ${folder}`, ...settings].join('\n')}\n`);
  const sentinel = startProcess('redis-server', [file, '--sentinel', ...args]);
  const stop = async () => {
    await sentinel.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await sentinel.waitForOutput(/\+monitor master/);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
