/**
 * Clients that log in, refresh, check and log out all the time, at every node, whatever happens to it. Each node has its
 * own clients, so that one that hangs does not quieten the others. Rates are small: what is tested is not speed.
 */
import type { Cluster, ClusterNode } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { keepDoing } from '../../support/keepDoing.ts';
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
  /** Resolves when every client has come for so much longer. */
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
  const clients = nodes.flatMap((node) =>
    names.map((name) => {
      const { everyMs, atOnce } = paces[name];
      return keepDoing({ everyMs: everyMs * nodes.length, atOnce }, () => actions[name](node));
    }),
  );
  const offeredMs = () => Math.min(...clients.map((client) => client.offeredMs()));
  return {
    counts,
    acknowledged: pool.ended,
    live: () => pool.live().map(({ id }) => id),
    unexpected,
    async runFor(milliseconds) {
      const until = offeredMs() + milliseconds;
      await eventually(
        'the clients have come for so long',
        () => offeredMs() >= until,
        3 * milliseconds + 10_000,
      );
    },
    measureAnew: () => void Object.assign(counts, none),
    askAboutEnded: (node) => actions.askAboutEnded(node),
    async stop() {
      await Promise.all(clients.map((client) => client.stop()));
    },
  };
}
