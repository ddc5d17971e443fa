/** What the clients of a fault test do at a node, one call each, and what they tell the judge of it. None rejects. */
import { password } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import type { Cluster, ClusterNode } from '../../support/cluster.ts';
import type { Checker } from './checker.ts';
import { isRevoked, isUnavailable, me, post } from './clients.ts';
import type { createSessionPool, Session } from './sessionPool.ts';

export interface Counts {
  logins: number;
  refreshes: number;
  /** Answered 204. */
  logouts: number;
  /** Of these three, those refused for now or not answered. */
  refused: number;
  longestAcknowledgementMs: number;
}

export interface ActionParts {
  readonly nodes: Cluster['nodes'];
  readonly emails: readonly string[];
  readonly pool: ReturnType<typeof createSessionPool>;
  readonly checker: Checker;
  readonly counts: Counts;
  /** Told of answers that no fault excuses. */
  readonly unexpected: (what: string) => void;
}

export type Action = (node: ClusterNode) => Promise<void>;

export function createActions(parts: ActionParts) {
  const { pool } = parts;
  const check = createCheck(parts);
  const logout = createLogout(parts, check);
  const refresh = createRefresh(parts);
  const withOne =
    (choose: () => Session | undefined, work: (node: ClusterNode, session: Session) => Promise<void>) =>
    async (node: ClusterNode) => {
      const session = choose();
      if (session !== undefined) await work(node, session);
    };
  return {
    login: createLogin(parts),
    logout: withOne(pool.take, logout),
    refresh: withOne(pool.refreshable, refresh),
    check: withOne(pool.any, (node, session) => check(node, [session])),
    checkMany: (node: ClusterNode) => check(node, pool.some()),
    callProtected: withOne(pool.any, createCallProtected(parts)),
    /** About the sessions that ended last: each by a call of its own, all at once. */
    askAboutEnded: async (node: ClusterNode) => {
      await Promise.all(pool.ended.slice(-50).map((session) => check(node, [session])));
    },
  } satisfies Record<string, Action>;
}

/** Also counts and notes what is not a success. */
function createRefused({ counts, unexpected }: ActionParts) {
  return (what: string, status: number, detail?: string) => {
    counts.refused += 1;
    if (!isUnavailable(status)) unexpected(`${what} answered ${status}: ${detail}`);
  };
}

function createLogin(parts: ActionParts): Action {
  const { pool, emails, counts } = parts;
  const refused = createRefused(parts);
  return async (node) => {
    if (!pool.wantsMore()) return;
    const email = emails[counts.logins % emails.length];
    const { status, body } = await post(node, '/auth/login', { body: { email, password } });
    if (status !== 200) return refused(`${node.name} login`, status, body?.detail);
    const { access_token: accessToken, refresh_token: refreshToken, session_id: id } = body;
    pool.add({ id, jti: claimsOf(accessToken).jti, accessToken, refreshToken, refreshable: true });
    counts.logins += 1;
  };
}

function createLogout(parts: ActionParts, check: ReturnType<typeof createCheck>) {
  const { nodes, pool, checker, counts } = parts;
  const refused = createRefused(parts);
  return async (node: ClusterNode, session: Session) => {
    const { interruptions } = node;
    const startedAt = performance.now();
    checker.logoutSent(session.id);
    const { status } = await post(node, '/auth/logout', { token: session.accessToken });
    const at = performance.now();
    if (status !== 204) {
      pool.putBack(session);
      return refused(`${node.name} logout`, status);
    }
    checker.logoutAcknowledged(session.id, at);
    pool.ended.push(session);
    counts.logouts += 1;
    if (node.interruptions === interruptions)
      counts.longestAcknowledgementMs = Math.max(counts.longestAcknowledgementMs, at - startedAt);
    // The sharpest question: everywhere, at once.
    await Promise.all(nodes.map((other) => check(other, [session])));
  };
}

function createRefresh(parts: ActionParts) {
  const { checker, counts } = parts;
  const refused = createRefused(parts);
  return async (node: ClusterNode, session: Session) => {
    session.refreshable = false;
    const startedAt = performance.now();
    const { status, body } = await post(node, '/auth/refresh', {
      body: { refresh_token: session.refreshToken },
    });
    const told = { sessionId: session.id, door: `${node.name} refresh`, startedAt };
    if (status === 401) return checker.answered({ ...told, answer: 'revoked' });
    if (status !== 200) return refused(`${node.name} refresh`, status, body?.detail);
    checker.answered({ ...told, answer: 'not revoked' });
    session.accessToken = body.access_token;
    session.refreshToken = body.refresh_token;
    session.refreshable = true;
    counts.refreshes += 1;
  };
}

function createCheck({ checker, unexpected }: ActionParts) {
  return async (node: ClusterNode, sessions: readonly Session[]) => {
    if (sessions.length === 0) return;
    const jtis = sessions.map(({ jti }) => jti);
    const door = `${node.name} ${sessions.length === 1 ? 'IsRevoked' : 'BatchIsRevoked'}`;
    const startedAt = performance.now();
    const answers = await isRevoked(node, jtis, unexpected);
    for (const [index, { id }] of sessions.entries())
      checker.answered({ sessionId: id, door, startedAt, answer: answers[index] ?? 'unavailable' });
  };
}

function createCallProtected({ checker, unexpected }: ActionParts) {
  return async (node: ClusterNode, { id, accessToken }: Session) => {
    const startedAt = performance.now();
    const answer = await me(node, accessToken, unexpected);
    checker.answered({ sessionId: id, door: `${node.name} /auth/me`, startedAt, answer });
  };
}
