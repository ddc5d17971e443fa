/**
 * Nodes, edges in processes of their own, and logouts at a steady rate: does any edge accept a token in a question that
 * began after its logout was answered? The judge is told of times only, by the machine's monotonic clock.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../support/cluster.ts';
import { noteProcess } from '../support/process.ts';
import { type SeededSession, seedSessions } from '../support/seededSessions.ts';
import type { EdgeProcessOptions, EdgeReport, ToEdges } from './edgeProcess.ts';

export interface EdgeRunOptions {
  readonly processes: number;
  readonly edgesPerProcess: number;
  readonly logoutsPerSecond: number;
  readonly seconds: number;
}

export interface EdgeRunResult {
  readonly checks: number;
  readonly acknowledged: number;
  /** Share of the questions that no edge could answer safely. */
  readonly unavailable: number;
  /** From sending a logout to its answer, which is not given before the last edge knows; of all that were sent once. */
  readonly effectMs: { readonly p50: number; readonly p99: number; readonly longest: number };
  /** Broken promises, in words. */
  readonly notInEffect: readonly string[];
  readonly wronglyRevoked: readonly string[];
  readonly unexpected: readonly string[];
}

/** What happens to the edges or to the nodes in the middle of a run. */
export type EdgeFault = (parts: { cluster: Cluster; edges: readonly EdgeProcess[] }) => Promise<void>;

export interface EdgeProcess {
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
}

interface StartedEdges extends EdgeProcess {
  send(message: ToEdges): void;
  /** Undefined when it was killed. */
  report(): Promise<EdgeReport | undefined>;
}

interface Logout {
  sentAt: number;
  acknowledgedAt: number;
}

/** What an acknowledgement may take (I3), and as much again for a logout that has to be sent once more. */
export const answerMilliseconds = ({ leaseMilliseconds }: Cluster) => 2 * (leaseMilliseconds + 1_000);

/** Tokens are asked about for this long before they are logged out. */
const aheadSeconds = 0.2;
const retryMilliseconds = 100;
const betweenMilliseconds = 5;
const callMilliseconds = 10_000;

const machineTime = () => Number(process.hrtime.bigint()) / 1e6;

export async function runEdges(
  cluster: Cluster,
  options: EdgeRunOptions,
  fault: EdgeFault = async () => {},
): Promise<EdgeRunResult> {
  const { processes, edgesPerProcess, logoutsPerSecond, seconds } = options;
  const count = Math.round(logoutsPerSecond * seconds);
  const sessions = await seedSessions(cluster, count);
  const start = () => startEdges(cluster, edgesPerProcess);
  const edges = await Promise.all(Array.from({ length: processes }, start));
  const logouts = new Map<string, Logout>();
  const unexpected: string[] = [];
  try {
    const working = logOutAll(cluster, edges, sessions, { logoutsPerSecond, logouts, unexpected });
    await Promise.all([working, fault({ cluster, edges })]);
    const reports = await Promise.all(edges.map((each) => each.report()));
    return judge(
      reports.filter((report) => report !== undefined),
      logouts,
      unexpected,
    );
  } finally {
    await Promise.all(edges.map((each) => each.kill()));
  }
}

/** Another process with edges that hold leases. The caller kills it. */
export async function startEdges({ nodes, serviceToken }: Cluster, edges: number): Promise<StartedEdges> {
  const authority = nodes.map(({ grpcAddress }) => grpcAddress);
  const options: EdgeProcessOptions = { authority, serviceToken, edges };
  const path = fileURLToPath(new URL('edgeProcess.ts', import.meta.url));
  const child = fork(path, [JSON.stringify(options)], { execArgv: ['--import=tsx'] });
  const forget = noteProcess(child.pid ?? 0, 'edges');
  const exited = once(child, 'exit').then(forget);
  await answerOf(child, exited);
  return {
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    send: (message) => void (child.connected && child.send(message)),
    async report() {
      if (!child.connected) return undefined;
      child.send({ report: true } satisfies ToEdges);
      return (await answerOf(child, exited)) as EdgeReport | undefined;
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Undefined when it ended instead. */
async function answerOf(child: ChildProcess, exited: Promise<unknown>): Promise<unknown> {
  return Promise.race([once(child, 'message').then(([message]) => message), exited.then(() => undefined)]);
}

interface Work {
  readonly logoutsPerSecond: number;
  readonly logouts: Map<string, Logout>;
  readonly unexpected: string[];
}

/** At the given rate, whatever becomes of each; resolves when all have been answered. */
async function logOutAll(
  { nodes }: Cluster,
  edges: readonly StartedEdges[],
  sessions: readonly SeededSession[],
  { logoutsPerSecond, logouts, unexpected }: Work,
): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const logOut = async ({ id, token }: SeededSession, index: number) => {
    const logout = { sentAt: machineTime(), acknowledgedAt: Number.POSITIVE_INFINITY };
    logouts.set(id, logout);
    for (let attempt = index; ; attempt += 1) {
      const node = nodes[attempt % nodes.length];
      const status = await post(`${node?.httpUrl}/auth/logout`, token, agent).catch(() => undefined);
      if (status === 204) break;
      if (status !== undefined && status !== 503) unexpected.push(`logout: ${status}`);
      await pause(retryMilliseconds);
    }
    logout.acknowledgedAt = machineTime();
    ended.push(id);
  };
  const ended: string[] = [];
  const tellEnded = () => {
    const ids = ended.splice(0);
    if (ids.length > 0) for (const each of edges) each.send({ ended: ids });
  };
  const began = machineTime();
  const under: Promise<void>[] = [];
  let told = 0;
  while (under.length < sessions.length) {
    const elapsed = (machineTime() - began) / 1000;
    const known = Math.min(sessions.length, Math.ceil((elapsed + aheadSeconds) * logoutsPerSecond));
    if (known > told) for (const each of edges) each.send({ tokens: sessions.slice(told, known) });
    told = Math.max(told, known);
    const due = Math.min(sessions.length, Math.floor((elapsed - aheadSeconds) * logoutsPerSecond));
    while (under.length < due) under.push(logOut(sessions[under.length] as SeededSession, under.length));
    tellEnded();
    await pause(betweenMilliseconds);
  }
  await Promise.all(under);
  tellEnded();
  agent.destroy();
}

/** Its status. Less work than `fetch` is, on a machine that has enough to do. */
function post(url: string, token: string, agent: Agent): Promise<number | undefined> {
  const options = {
    method: 'POST',
    agent,
    headers: { authorization: `Bearer ${token}` },
    timeout: callMilliseconds,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (answer) => {
      answer
        .resume()
        .on('end', () => resolve(answer.statusCode))
        .on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject).end();
  });
}

function judge(
  reports: readonly EdgeReport[],
  logouts: ReadonlyMap<string, Logout>,
  unexpected: readonly string[],
): EdgeRunResult {
  const notInEffect: string[] = [];
  const wronglyRevoked: string[] = [];
  for (const { tokens } of reports) {
    for (const { id, lastAccepted, firstRefused } of tokens) {
      const { sentAt, acknowledgedAt } = logouts.get(id) ?? { sentAt: Infinity, acknowledgedAt: Infinity };
      if (lastAccepted > acknowledgedAt)
        notInEffect.push(`${id} was accepted ${(lastAccepted - acknowledgedAt).toFixed(1)} ms after its end`);
      if (firstRefused > 0 && firstRefused < sentAt) wronglyRevoked.push(id);
    }
  }
  const took = [...logouts.values()]
    .map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt)
    .sort((one, other) => one - other);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  const checks = reports.reduce((sum, report) => sum + report.checks, 0);
  return {
    checks,
    acknowledged: took.length,
    unavailable: reports.reduce((sum, report) => sum + report.unavailable, 0) / Math.max(1, checks),
    effectMs: { p50: at(0.5), p99: at(0.99), longest: at(1) },
    notInEffect,
    wronglyRevoked,
    unexpected: [...unexpected, ...reports.flatMap((report) => report.unexpected)],
  };
}
