/**
 * Nodes, subscribers in processes of their own, and logouts at a steady rate: does any subscriber accept a token in a question that
 * began after its logout was answered? The judge is told of times only, by the machine's monotonic clock.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { statusOf } from '../../support/httpStatus.ts';
import { machineTime } from '../../support/machineTime.ts';
import { noteProcess } from '../../support/process.ts';
import { type SeededSession, seedSessions } from '../../support/seededSessions.ts';
import type { SubscriberProcessOptions, SubscriberReport, ToSubscribers } from './subscriberProcess.ts';

export interface SubscriberRunOptions {
  readonly processes: number;
  readonly subscribersPerProcess: number;
  readonly logoutsPerSecond: number;
  readonly seconds: number;
  /** Logouts before those that count: programs are slow while they are new. */
  readonly warmUpLogouts: number;
}

export interface SubscriberRunResult {
  readonly checks: number;
  readonly acknowledged: number;
  /** Share of the questions that no subscriber could answer safely. */
  readonly unavailable: number;
  /** From first sending a logout to its answer, which is not given before the last subscriber knows. */
  readonly effectMs: { readonly p50: number; readonly p99: number };
  /** The longest request that was answered 204 (I3); one that was refused is sent again, and counts by itself. */
  readonly longestAnswerMs: number;
  /** Subscribers that lived until the end have been asked about every token. */
  readonly subscribersAsked: number;
  /** Broken promises, in words. */
  readonly notInEffect: readonly string[];
  readonly wronglyRevoked: readonly string[];
  readonly unexpected: readonly string[];
}

/** What happens to the subscribers or to the nodes in the middle of a run. */
export type SubscriberFault = (parts: {
  cluster: Cluster;
  subscribers: readonly SubscriberProcess[];
  /** Of the logouts, from 0 to 1. */
  shareDone: () => number;
}) => Promise<void>;

export interface SubscriberProcess {
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
}

interface StartedSubscribers extends SubscriberProcess {
  send(message: ToSubscribers): void;
  /** Undefined when it was killed. */
  report(): Promise<SubscriberReport | undefined>;
}

interface Logout {
  readonly sentAt: number;
  /** Of the request that was answered. */
  lastSentAt: number;
  acknowledgedAt: number;
}

/** Tokens are asked about for this long before they are logged out. */
const aheadSeconds = 0.2;
const callMilliseconds = 10_000;
/** As a 503 asks for. */
const retryAfterMilliseconds = 1_000;
const warmUpAtOnce = 6;
/** A logout is sent again and again until it is answered; no fault of a run lasts as long as this. */
const patienceMilliseconds = 120_000;

export async function runSubscribers(
  cluster: Cluster,
  options: SubscriberRunOptions,
  fault: SubscriberFault = async () => {},
): Promise<SubscriberRunResult> {
  const { processes, subscribersPerProcess, logoutsPerSecond, seconds, warmUpLogouts } = options;
  const count = Math.round(logoutsPerSecond * seconds);
  const seeded = await seedSessions(cluster, warmUpLogouts + count);
  const [early, sessions] = [seeded.slice(0, warmUpLogouts), seeded.slice(warmUpLogouts)];
  const start = () => startSubscribers(cluster, subscribersPerProcess);
  const subscribers = await Promise.all(Array.from({ length: processes }, start));
  const logouts = new Map<string, Logout>();
  const unexpected: string[] = [];
  try {
    await warmUp(cluster, early);
    const working = logOutAll(cluster, subscribers, sessions, { logoutsPerSecond, logouts, unexpected });
    const shareDone = () => acknowledged(logouts).length / count;
    await Promise.all([working, fault({ cluster, subscribers, shareDone })]);
    const reports = await Promise.all(subscribers.map((each) => each.report()));
    const living = reports.filter((report) => report !== undefined);
    return { ...judge(living, logouts, unexpected), subscribersAsked: living.length * subscribersPerProcess };
  } finally {
    await Promise.all(subscribers.map((each) => each.kill()));
  }
}

async function warmUp({ nodes }: Cluster, sessions: readonly SeededSession[]): Promise<void> {
  const waiting = [...sessions.entries()];
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [index, { token }] = next;
      await nodes[index % nodes.length]?.call('POST', '/auth/logout', { token });
    }
  };
  await Promise.all(Array.from({ length: warmUpAtOnce }, work));
}

/** Another process with subscribers that hold leases. The caller kills it. */
export async function startSubscribers(
  { nodes, serviceToken }: Cluster,
  subscribers: number,
): Promise<StartedSubscribers> {
  const authority = nodes.map(({ grpcAddress }) => grpcAddress);
  const options: SubscriberProcessOptions = { authority, serviceToken, subscribers };
  const path = fileURLToPath(new URL('subscriberProcess.js', import.meta.url));
  const child = fork(path, [JSON.stringify(options)], { execArgv: [] });
  const forget = noteProcess(child.pid ?? 0, 'subscribers');
  const exited = once(child, 'exit').then(forget);
  await answerOf(child, exited);
  return {
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    send: (message) => void (child.connected && child.send(message, unheard)),
    async report() {
      if (!child.connected) return undefined;
      child.send({ report: true } satisfies ToSubscribers, unheard);
      return (await answerOf(child, exited)) as SubscriberReport | undefined;
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** One that is killed has not heard what is being sent; that it has ended is noticed elsewhere. */
function unheard(): void {}

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
  subscribers: readonly StartedSubscribers[],
  sessions: readonly SeededSession[],
  { logoutsPerSecond, logouts, unexpected }: Work,
): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const logOut = async ({ id, token }: SeededSession, index: number) => {
    const sentAt = machineTime();
    const logout: Logout = { sentAt, lastSentAt: sentAt, acknowledgedAt: Number.POSITIVE_INFINITY };
    logouts.set(id, logout);
    let turn = index;
    let again = 0;
    const isAnswered = async () => {
      if (machineTime() < again) return false;
      const node = nodes[turn++ % nodes.length];
      logout.lastSentAt = machineTime();
      const url = `${node?.httpUrl}/auth/logout`;
      const status = await statusOf({ method: 'POST', url, token, agent, milliseconds: callMilliseconds });
      again = machineTime() + retryAfterMilliseconds;
      if (![0, 204, 503].includes(status)) unexpected.push(`logout: ${status}`);
      return status === 204;
    };
    await eventually('it is logged out', isAnswered, patienceMilliseconds);
    logout.acknowledgedAt = machineTime();
    ended.push(id);
  };
  const ended: string[] = [];
  const tellEnded = () => {
    const ids = ended.splice(0);
    if (ids.length > 0) for (const each of subscribers) each.send({ ended: ids });
  };
  const began = machineTime();
  const under: Promise<void>[] = [];
  let told = 0;
  const work = () => {
    const elapsed = (machineTime() - began) / 1000;
    const known = Math.min(sessions.length, Math.ceil((elapsed + aheadSeconds) * logoutsPerSecond));
    if (known > told) for (const each of subscribers) each.send({ tokens: sessions.slice(told, known) });
    told = Math.max(told, known);
    const due = Math.min(sessions.length, Math.floor((elapsed - aheadSeconds) * logoutsPerSecond));
    while (under.length < due) under.push(logOut(sessions[under.length] as SeededSession, under.length));
    tellEnded();
    return under.length === sessions.length;
  };
  await eventually('all have been sent', work, Number.POSITIVE_INFINITY);
  await Promise.all(under);
  tellEnded();
  agent.destroy();
}

function acknowledged(logouts: ReadonlyMap<string, Logout>): readonly Logout[] {
  return [...logouts.values()].filter(({ acknowledgedAt }) => acknowledgedAt < Number.POSITIVE_INFINITY);
}

function judge(
  reports: readonly SubscriberReport[],
  logouts: ReadonlyMap<string, Logout>,
  unexpected: readonly string[],
): Omit<SubscriberRunResult, 'subscribersAsked'> {
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
  const answered = acknowledged(logouts);
  const took = answered
    .map(({ sentAt, acknowledgedAt }) => acknowledgedAt - sentAt)
    .sort((one, other) => one - other);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  const checks = reports.reduce((sum, report) => sum + report.checks, 0);
  return {
    checks,
    acknowledged: took.length,
    unavailable: reports.reduce((sum, report) => sum + report.unavailable, 0) / Math.max(1, checks),
    effectMs: { p50: at(0.5), p99: at(0.99) },
    longestAnswerMs: Math.max(
      ...answered.map(({ lastSentAt, acknowledgedAt }) => acknowledgedAt - lastSentAt),
    ),
    notInEffect,
    wronglyRevoked,
    unexpected: [...unexpected, ...reports.flatMap((report) => report.unexpected)],
  };
}
