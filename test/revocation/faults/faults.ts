/** What is done to a cluster, and how it ends. A fault that is over at once ends by doing nothing. */

import type { Cluster, ClusterNode } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { startRedis } from '../../support/redis.ts';
import { startSentinel } from '../../support/sentinel.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';
import { startLiar } from './liar.ts';
import type { Workload } from './workload.ts';

export interface Scene {
  readonly cluster: Cluster;
  readonly workload: Workload;
  /** What was chosen at random, for the report. */
  readonly note: (what: string) => void;
}

export type Ending = () => Promise<void> | void;
export type Fault = (scene: Scene) => Promise<Ending> | Ending;

const over = () => {};

export const redisFaults = {
  'Redis is killed, and starts again empty': async ({ cluster }) => {
    await cluster.redis.stop();
    return () => restartRedis(cluster);
  },

  'Redis is flushed': async ({ cluster }) => {
    await cluster.redis.command('FLUSHALL');
    return over;
  },

  'Redis is frozen': ({ cluster: { redis } }) => {
    redis.kill('SIGSTOP');
    return () => redis.kill('SIGCONT');
  },

  'Redis has no memory left': async ({ cluster: { redis } }) => {
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    return async () => void (await redis.command('CONFIG', 'SET', 'maxmemory', '0'));
  },

  'Redis fails over and loses the last writes': failOver,

  'Redis lies': lies,

  'a node is cut off from Redis, silently': ({ cluster }) => cutOff(cluster, 'redis', 'silent'),
  'a node is cut off from Redis': ({ cluster }) => cutOff(cluster, 'redis', 'broken'),
} satisfies Record<string, Fault>;

/** Apart, since each does something to a node as well. */
export const lyingFaults = {
  'Redis lies while a node is killed and another one starts': async (scene) => {
    const node = lastOf(scene.cluster);
    const end = await lies(scene);
    await node.kill();
    return async () => {
      await node.start();
      await end();
    };
  },
} satisfies Record<string, Fault>;

export const databaseFaults = {
  'PostgreSQL is restarted': ({ cluster }) => restartPostgres(cluster, 'SIGINT'),
  'PostgreSQL crashes': ({ cluster }) => restartPostgres(cluster, 'SIGKILL'),

  'PostgreSQL is frozen': async ({ cluster: { postgres } }) => {
    await postgres.freeze();
    return postgres.thaw;
  },

  'a node is cut off from PostgreSQL, silently': ({ cluster }) => cutOff(cluster, 'postgres', 'silent'),
  'a node is cut off from PostgreSQL': ({ cluster }) => cutOff(cluster, 'postgres', 'broken'),
} satisfies Record<string, Fault>;

export const nodeFaults = {
  'a node is killed, and another one starts': async ({ cluster }) => {
    const node = lastOf(cluster);
    await node.kill();
    return () => node.start();
  },

  'a node is frozen for longer than its lease': ({ cluster, workload }) => {
    const node = lastOf(cluster);
    node.freeze();
    return async () => {
      // What ended while it stood still: asked now, answered by what it still has in memory when it thaws.
      const asked = workload.askAboutEnded(node);
      node.thaw();
      await asked;
    };
  },
} satisfies Record<string, Fault>;

/** One of each kind at the same time. */
export const everything: Fault = async (scene) => {
  const endings: Ending[] = [];
  // Redis first: where the database does not answer, there is nothing to lie about.
  for (const faults of [redisFaults, nodeFaults, databaseFaults]) {
    const [name, fault] = oneOf(Object.entries<Fault>(faults));
    scene.note(name);
    endings.push(await fault(scene));
  }
  return async () => {
    // Together: a node that starts again needs what its dependencies are given back with.
    const ended = await Promise.allSettled(endings.map((ending) => ending()));
    // After all of them: a node that is still starting would outlive the test.
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  };
};

export const faults: Readonly<Record<string, Fault>> = {
  ...redisFaults,
  ...lyingFaults,
  ...databaseFaults,
  ...nodeFaults,
  'everything at once': everything,
};

async function restartRedis(cluster: Cluster): Promise<void> {
  cluster.redis = await startRedis({ port: cluster.redis.port });
}

async function restartPostgres({ postgres }: Cluster, how: 'SIGINT' | 'SIGKILL'): Promise<Ending> {
  await postgres.kill(how);
  return () => postgres.start();
}

function cutOff(cluster: Cluster, from: 'redis' | 'postgres', how: 'silent' | 'broken'): Ending {
  const line = lastOf(cluster).lines[from];
  line.cut(how);
  return () => line.heal();
}

/** In every way at once. What the nodes are told must be counted. */
async function lies({ cluster, workload, note }: Scene): Promise<Ending> {
  const liar = await startLiar(cluster.redis.port, workload.live);
  await eventually('lies are told', () => liar.said() >= 100);
  return async () => {
    await liar.stop();
    const dropped = await Promise.all(cluster.nodes.map(droppedMessages));
    note(`${liar.said()} lies, of which the nodes dropped ${dropped.join(', ')}`);
    const counted = dropped.some((messages) => messages > 0);
    if (liar.said() < 100 || !counted) throw new Error(`${liar.said()} lies, dropped: ${dropped}`);
  };
}

async function droppedMessages(node: ClusterNode): Promise<number> {
  const { body } = await node.operations('GET', '/metrics').catch(() => ({ body: '' }));
  const counts = [...String(body).matchAll(/^countersign_bus_dropped_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/**
 * The primary is cut off from its replica and its sentinel, and the nodes still write to it. What they write is lost
 * when the sentinel has promoted the replica and they are led there.
 */
async function failOver({ cluster }: Scene): Promise<Ending> {
  const primary = cluster.redis;
  const line = await startTcpProxy(primary.port);
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(line.port)] });
  const sentinel = await startSentinel({ primaryPort: line.port, downAfterMilliseconds: 1_000 });
  // The sentinel asks every ten seconds, and the first time perhaps too early.
  await eventually('the sentinel knows a replica that is up to date', () => sentinel.hasReplica(), 30_000);
  line.cut('silent');
  return async () => {
    const promoted = async () => (await sentinel.primaryPort()) === replica.port;
    await eventually('the sentinel promotes the replica', promoted, 30_000);
    for (const { lines } of cluster.nodes) lines.redis.retarget(replica.port);
    cluster.redis = replica;
    await Promise.all([sentinel.stop(), primary.stop()]);
    await line.close();
  };
}

function lastOf({ nodes }: Cluster): ClusterNode {
  return nodes.at(-1) ?? nodes[0];
}

function oneOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}
