/** One authority as users start it, in server mode and with metrics, on a core of its own, with live sessions and revocations. */
import { type Cluster, type ClusterNode, startCluster } from '../test/support/cluster.ts';
import { execute } from '../test/support/postgresStatements.ts';
import { type SeededSession, seedSessions } from '../test/support/seededSessions.ts';
import { fillTable } from './bulkRows.ts';
import { durable } from './durable.ts';
import { measuredCore, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import { waitForCopy } from './redisCopy.ts';

const usualStartMs = 30_000;
/** Ten times as fast on an idle machine. */
const revocationsLoadedInMs = 20;

export interface WholeAuthority {
  readonly cluster: Cluster;
  readonly node: ClusterNode;
  readonly sessions: readonly SeededSession[];
  readonly httpPort: number;
  readonly grpcPort: number;
  stop(): Promise<void>;
}

export async function startWhole(
  contents: { readonly sessions: number; readonly ofUser?: number; readonly revocations: number },
  say: Say,
  settings: Readonly<Record<string, string>> = {},
): Promise<WholeAuthority> {
  const usual = { LEASE: '5s', RATE_LIMITS: '1000' };
  const cluster = await startCluster(1, { ...usual, ...settings }, { direct: true, database: durable });
  const [node] = cluster.nodes;
  try {
    say(`seeding ${contents.sessions} sessions`);
    const sessions = await seedSessions(cluster, contents.sessions, contents.ofUser ?? 1);
    if (contents.revocations > 0) {
      await node.drain();
      await fillTable(cluster.postgres.url, 'revocations', contents.revocations, revocationsSql, say);
      await cluster.redis.command('FLUSHALL');
      say('loading them');
      await node.start(usualStartMs + contents.revocations / revocationsLoadedInMs);
      say('filling Redis');
      await waitForCopy(cluster.redis);
    }
    await pin(node.pid, measuredCore);
    const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));
    const [httpPort, grpcPort] = [portOf(node.httpUrl), portOf(node.grpcAddress)];
    return { cluster, node, sessions, httpPort, grpcPort, stop: cluster.stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Of random sessions, spread over the lifetime of a token. */
function revocationsSql(from: number, to: number): string {
  return `
    INSERT INTO revocations (subject, reason, created_at, expires_at)
    SELECT decode(md5(i::text), 'hex'), 'logout', now(), now() + interval '1 second' * (i % 900 + 600)
      FROM generate_series(${from}, ${to}) AS i`;
}

/** An empty database on the same server; returns its URL. */
export async function databaseOfPeers(databaseUrl: string): Promise<string> {
  await execute(databaseUrl, 'CREATE DATABASE peers');
  const url = new URL(databaseUrl);
  url.pathname = 'peers';
  return url.href;
}
