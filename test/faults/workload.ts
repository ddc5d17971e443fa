/**
 * Clients that log in, refresh, check and log out all the time, at every node, whatever happens to it. Each node has its
 * own clients, so that one that hangs does not quieten the others. Rates are small: what is tested is not speed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster, ClusterNode } from '../support/cluster.ts';
import { type Counts, createActions } from './actions.ts';
import type { Checker } from './checker.ts';
import { createSessionPool, type Session } from './sessionPool.ts';

export type EndedSession = Pick<Session, 'id' | 'jti'>;

export interface Workload {
  readonly counts: Readonly<Counts>;
  /** Sessions whose logout was acknowledged. */
  readonly acknowledged: readonly EndedSession[];
  /** Ids of sessions that nobody has logged out. */
  live(): readonly string[];
  /** Answers that no fault excuses. */
  readonly unexpected: readonly string[];
  /** Resolves when it has run for so long. */
  runFor(milliseconds: number): Promise<void>;
  /** Forgets the counts. */
  measureAnew(): void;
  /** Asks a node about the sessions that ended last, all at once. */
  askAboutEnded(node: ClusterNode): Promise<void>;
  /** Resolves when everything under way has been answered. */
  stop(): Promise<void>;
}

/**
 * How often somebody comes, to any of the nodes, and how many may be waiting for an answer of one of them. A login
 * keeps a core busy for tens of milliseconds.
 */
const paces = {
  login: { everyMs: 120, atOnce: 2 },
  refresh: { everyMs: 100, atOnce: 3 },
  logout: { everyMs: 150, atOnce: 4 },
  check: { everyMs: 15, atOnce: 8 },
  checkMany: { everyMs: 100, atOnce: 2 },
  callProtected: { everyMs: 40, atOnce: 6 },
} satisfies Partial<Record<keyof ReturnType<typeof createActions>, unknown>>;

export function startWorkload({ nodes }: Cluster, emails: readonly string[], checker: Checker): Workload {
  const pool = createSessionPool();
  const unexpected: string[] = [];
  const none = { logins: 0, refreshes: 0, logouts: 0, refused: 0, longestAcknowledgementMs: 0 };
  const counts = { ...none };
  const actions = createActions({
    ...{ nodes, emails, pool, checker, counts },
    unexpected: (what) => void unexpected.push(what),
  });
  const names = Object.keys(paces) as (keyof typeof paces)[];
  const stops = nodes.flatMap((node) =>
    names.map((name) => keepDoing(paces[name], nodes.length, () => actions[name](node))),
  );
  return {
    counts,
    acknowledged: pool.ended,
    live: () => pool.live().map(({ id }) => id),
    unexpected,
    runFor: (milliseconds) => pause(milliseconds),
    measureAnew: () => void Object.assign(counts, none),
    askAboutEnded: (node) => actions.askAboutEnded(node),
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

/** Answers how to stop it. What it does must not reject. */
function keepDoing(pace: { everyMs: number; atOnce: number }, nodes: number, work: () => Promise<void>) {
  const under = new Set<Promise<void>>();
  const timer = setInterval(() => {
    if (under.size >= pace.atOnce) return;
    const one = work().finally(() => under.delete(one));
    under.add(one);
  }, pace.everyMs * nodes);
  return async () => {
    clearInterval(timer);
    await Promise.all(under);
  };
}
