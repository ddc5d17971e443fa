/** Refreshes at the same moment as each other, and as whatever ends their session. For short runs in tests and long ones by hand. */
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { password } from '../support/authority.ts';
import { type Answer, claimsOf } from '../support/clients.ts';
import type { Cluster, ClusterNode } from '../support/cluster.ts';
import { type SeededSession, seedSessions } from '../support/seededSessions.ts';

export interface RaceResult {
  readonly rounds: number;
  /** Refreshes that were answered with tokens: in a race of which one side always wins, nothing would be shown. */
  readonly refreshed: number;
  /** What still worked after it must not, and answers that are none of the contract. */
  readonly wrong: readonly string[];
}

/** Ends the session, and resolves with its status when that is in effect. */
type End = () => Promise<number>;
/** Each gets ready for it, and has not begun. */
type Ender = (node: ClusterNode, session: SeededSession) => Promise<End>;

const statusOf = async (answer: Promise<Answer>) => (await answer).status;

const command = async (node: ClusterNode, argv: readonly string[]) =>
  (await node.command(argv)) === 0 ? 204 : 500;

export const enders: Readonly<Record<string, Ender>> = {
  logout: async (node, { refreshToken }) => {
    const body = { refresh_token: refreshToken };
    return () => statusOf(node.call('POST', '/auth/logout', { body }));
  },
  'logout-all':
    async (node, { token }) =>
    () =>
      statusOf(node.call('POST', '/auth/logout-all', { token })),
  'password change': async (node, { email }) => {
    const { body: other } = await node.call('POST', '/auth/login', { body: { email, password } });
    const body = { current_password: password, new_password: `${password}, changed` };
    return () => statusOf(node.call('POST', '/auth/password', { token: other.access_token, body }));
  },
  disable:
    async (node, { email }) =>
    () =>
      command(node, ['users', 'disable', email]),
  delete:
    async (node, { email }) =>
    () =>
      command(node, ['users', 'delete', email]),
};

const atOnce = 4;

/** Refreshes one after the other on one node, and what ends their session on another one. */
export async function raceWithEnd(cluster: Cluster, ender: Ender, rounds: number): Promise<RaceResult> {
  const sessions = await seedSessions(cluster, rounds, 1);
  const wrong: string[] = [];
  let refreshed = 0;
  await inTurns(sessions, async (session, index) => {
    const nodes = nodesOf(cluster, index);
    const end = await ender(nodes[1], session);
    const pairs: Pair[] = [{ access_token: session.token, refresh_token: session.refreshToken }];
    const ended = { status: 0 };
    const ending = end().then((status) => {
      ended.status = status;
    });
    while (ended.status === 0) {
      const { status, body } = await refresh(nodes[0], pairs.at(-1)?.refresh_token ?? '');
      if (status === 200) pairs.push(body);
      else if (status === 401) break;
      else wrong.push(`a refresh answered ${status}`);
    }
    await ending;
    if (ended.status !== 204) wrong.push(`the end answered ${ended.status}`);
    refreshed += pairs.length - 1;
    for (const node of nodes) for (const pair of pairs) wrong.push(...(await outlived(node, pair)));
  });
  return { rounds, refreshed, wrong };
}

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** What of a pair still works. */
async function outlived(
  node: ClusterNode,
  { access_token, refresh_token }: Pair,
): Promise<readonly string[]> {
  const { revoked } = await node.grpc.isRevoked(claimsOf(access_token).jti);
  const { status } = await refresh(node, refresh_token);
  return [...(revoked ? [] : ['an access token lives']), ...(status === 401 ? [] : [`a refresh: ${status}`])];
}

/** Many refreshes of one token at once, over two nodes: one successor, and nobody is logged out. */
export async function raceWithItself(cluster: Cluster, tokens: number, rounds: number): Promise<RaceResult> {
  const sessions = await seedSessions(cluster, rounds);
  const before = await rows(cluster);
  const wrong: string[] = [];
  let refreshed = 0;
  await inTurns(sessions, async ({ id, token, refreshToken }, index) => {
    const nodes = nodesOf(cluster, index);
    const tries = Array.from({ length: tokens }, (_, number) =>
      refresh(nodes[number % 2] as ClusterNode, refreshToken),
    );
    const answers = await Promise.all(tries);
    const given: readonly Pair[] = answers.filter(({ status }) => status === 200).map(({ body }) => body);
    refreshed += given.length;
    const others = answers.filter(({ status }) => status !== 200 && status !== 429);
    wrong.push(...others.map(({ status }) => `a refresh answered ${status}`));
    const successors = [...new Set(given.map(({ refresh_token }) => refresh_token))];
    if (successors.length !== 1) wrong.push(`${successors.length} successors`);
    const next = await refresh(nodes[0], successors[0] ?? '');
    if (next.body.session_id !== id) wrong.push(`the successor: ${next.status}`);
    for (const each of [token, ...given.map(({ access_token }) => access_token)])
      if ((await nodes[1].grpc.isRevoked(claimsOf(each).jti)).revoked) wrong.push('somebody was logged out');
  });
  const after = await rows(cluster);
  if (after !== before) wrong.push(`the table has grown from ${before} rows to ${after}`);
  return { rounds, refreshed, wrong };
}

function refresh(node: ClusterNode, refreshToken: string): Promise<Answer> {
  return node.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken }, milliseconds: 30_000 });
}

function nodesOf({ nodes }: Cluster, index: number): readonly [ClusterNode, ClusterNode] {
  const turned = index % 2 === 0 ? nodes : nodes.toReversed();
  return [turned[0] as ClusterNode, turned[1] as ClusterNode];
}

async function inTurns<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>) {
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) await work(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function rows({ postgres }: Cluster): Promise<number> {
  const engine = await openEngine('', postgres.url);
  try {
    const connection = await engine.connect();
    const [row] = await connection.query<{ count: number }>('SELECT count(*)::int AS count FROM sessions');
    await connection.close();
    return row?.count ?? 0;
  } finally {
    await engine.close();
  }
}
