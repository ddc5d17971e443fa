/**
 * One fault from beginning to end: clients at work → the fault → its end → every node is ready → everything that was
 * acknowledged is looked at again, at every node and in the database.
 */
import pg from 'pg';
import { password } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { type Cluster, leaseSeconds, startCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { createChecker } from './checker.ts';
import { isRevoked, post } from './clients.ts';
import type { Fault } from './faults.ts';
import { type EndedSession, startWorkload } from './workload.ts';

export interface FaultCluster extends Cluster {
  readonly emails: readonly string[];
}

/** With users, whose passwords take a while. */
export async function startFaultCluster(nodes: number): Promise<FaultCluster> {
  const cluster = await startCluster(nodes);
  const emails = ['ann@example.com', 'bob@example.com', 'cat@example.com', 'dan@example.com'];
  try {
    for (const email of emails) await register(cluster, email);
    return Object.assign(cluster, { emails });
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function register({ nodes }: Cluster, email: string): Promise<void> {
  const { status } = await nodes[0].call('POST', '/auth/register', { body: { email, password } });
  if (status !== 201) throw new Error(`register answered ${status}`);
}

export interface FaultResult {
  readonly checks: number;
  readonly acknowledged: number;
  /** Broken promises, each in words. */
  readonly notInEffect: readonly string[];
  readonly lost: readonly string[];
  readonly wronglyRevoked: readonly string[];
  readonly unexpected: readonly string[];
  /** What was chosen at random. */
  readonly notes: readonly string[];
  readonly longestAcknowledgementMs: number;
  /** Of all checks, the share without an answer. */
  readonly unavailable: number;
  /** From the end of the fault until every node is ready and a logout has effect; undefined: it did not come to that. */
  readonly recoveryMs: number | undefined;
}

/** A lease, and a second for everything else (I3). */
export const acknowledgementMs = leaseSeconds * 1000 + 1000;

export async function runFault(
  cluster: FaultCluster,
  fault: Fault,
  activeMilliseconds: number,
  recoveryMilliseconds = 30_000,
): Promise<FaultResult> {
  const checker = createChecker();
  const workload = startWorkload(cluster, cluster.emails, checker);
  const notes: string[] = [];
  let recoveryMs: number | undefined;
  try {
    await eventually('the clients are at work', () => workload.counts.logouts >= 5, 20_000);
    const end = await fault({ cluster, workload, note: (what) => void notes.push(what) });
    await workload.runFor(activeMilliseconds);
    const ended = performance.now();
    await end();
    recoveryMs = await recovered(cluster, recoveryMilliseconds).then(
      () => performance.now() - ended,
      () => undefined,
    );
    // A node that has come back must stay right, too.
    await workload.runFor(activeMilliseconds / 4);
  } finally {
    await workload.stop();
  }
  const { counts, unexpected } = workload;
  return {
    checks: checker.counts.checks,
    acknowledged: workload.acknowledged.length,
    notInEffect: checker.notInEffect,
    lost: await lostOf(cluster, workload.acknowledged),
    wronglyRevoked: checker.wronglyRevoked,
    unexpected: unexpected.length === 0 ? [] : [...unexpected, ...whyOf(cluster)],
    notes,
    longestAcknowledgementMs: counts.longestAcknowledgementMs,
    unavailable: checker.counts.unavailable / Math.max(checker.counts.checks, 1),
    recoveryMs,
  };
}

/** What the nodes themselves say of it: each kind of error once. */
function whyOf({ nodes }: Cluster): string[] {
  const said = nodes.flatMap((node) =>
    node.errors().map((line) => {
      const { msg, err } = JSON.parse(line);
      return `${node.name} logged "${msg}": ${err?.message?.trim()}`.replaceAll(/\s+/g, ' ');
    }),
  );
  return [...new Set(said)];
}

/** Resolves when every node is ready, and a new session can be ended everywhere. */
async function recovered({ nodes, emails }: FaultCluster, milliseconds: number): Promise<void> {
  const ready = async () => {
    const answers = await Promise.all(nodes.map((node) => node.call('GET', '/health/ready')));
    return answers.every(({ status }) => status === 200);
  };
  await eventually('every node is ready', ready, milliseconds);
  const endsEverywhere = async () => {
    const body = { email: emails[0], password };
    const { access_token: token } = (await post(nodes[0], '/auth/login', { body })).body;
    if ((await post(nodes[0], '/auth/logout', { token })).status !== 204) return false;
    const answers = await askEveryNode(nodes, [claimsOf(token).jti]);
    return answers.every(({ answer }) => answer === 'revoked');
  };
  await eventually('a logout has effect', endsEverywhere, milliseconds);
}

/** What was acknowledged, and now is not known to be revoked: to a node, or to the database. */
async function lostOf(cluster: FaultCluster, acknowledged: readonly EndedSession[]): Promise<string[]> {
  const lost = (
    await askEveryNode(
      cluster.nodes,
      acknowledged.map(({ jti }) => jti),
    )
  )
    .filter(({ answer }) => answer !== 'revoked')
    .map(({ node, jti, answer }) => `${jti} is ${answer} at ${node}`);
  const database = new pg.Client({ connectionString: cluster.postgres.url });
  await database.connect();
  try {
    const { rows } = await database.query("SELECT encode(subject, 'hex') AS subject FROM revocations");
    const stored = new Set(rows.map(({ subject }) => subject));
    const missing = acknowledged.filter(({ id }) => !stored.has(id.replaceAll('-', '')));
    return [...lost, ...missing.map(({ id }) => `session ${id} is not in the database`)];
  } finally {
    await database.end();
  }
}

async function askEveryNode(nodes: FaultCluster['nodes'], jtis: readonly string[]) {
  const answers = nodes.map(async (node) => {
    const ofNode = await isRevoked(node, jtis, () => {});
    return ofNode.map((answer, index) => ({ node: node.name, jti: jtis[index], answer }));
  });
  return (await Promise.all(answers)).flat();
}
