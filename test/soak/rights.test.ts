/**
 * A role is taken away a thousand times, on three nodes with twenty guards and a load of refreshes: in the first check after the answer
 * nobody honours it, and no session is lost.
 */
import { performance } from 'node:perf_hooks';
import t from 'tap';
import { openGuard } from '../../packages/guard/src/guard.ts';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { type ClusterNode, startCluster } from '../support/cluster.ts';
import { said } from '../support/guards.ts';
import { keepDoing } from '../support/keepDoing.ts';
import { createRpcClient } from '../support/rpcClient.ts';

const audience = 'orders.example';
const rounds = 1_000;
const guardCount = 20;
const atOnce = 4;
/** Sessions that refresh in turn, as load: fifty times a second. */
const busySessions = 4;
const loadEveryMs = 20;

t.setTimeout(600_000);

t.test('rights, taken away under load', async (t) => {
  const cluster = await startCluster(3, {}, { direct: true });
  t.teardown(() => cluster.stop());
  const { nodes, serviceToken } = cluster;
  const clients = nodes.map(({ grpcAddress }) => createRpcClient(grpcAddress, serviceToken));
  t.teardown(() => {
    for (const { close } of clients) close();
  });
  const on = <T>(list: readonly T[], index: number) => list[index % list.length] as T;
  const resource = { audience, scopes: ['read', 'write'], everyone: ['read'] };
  await on(clients, 0).call('setResource', { resource });
  await on(clients, 0).call('setRole', { name: 'clerk', audience, scopes: ['write'] });
  const guards = Array.from({ length: guardCount }, (_, index) =>
    openGuard({ authority: on(nodes, index).grpcAddress, audience, serviceToken }),
  );
  t.teardown(() => Promise.all(guards.map((guard) => guard.close())));
  await Promise.all(guards.map((guard) => guard.ready()));

  const logIn = async ({ call }: ClusterNode, email: string) => {
    const answer = await call('POST', '/auth/login', { body: { email, password, audience } });
    if (answer.status !== 200) throw new Error(`login: ${answer.status}`);
    return answer.body;
  };
  const faults: string[] = [];
  const tookMs: number[] = [];
  const logoutMs: number[] = [];
  const everywhere = async (token: string, expected: string, when: string) => {
    const answers = await Promise.all(guards.map((guard) => said(guard, token)));
    for (const [index, answer] of answers.entries())
      if (answer !== expected) faults.push(`${when}: guard ${index} said ${answer}`);
    for (const [index, { grpc }] of nodes.entries()) {
      const { revoked } = await grpc.isRevoked(claimsOf(token).jti);
      if (revoked !== (expected !== 'accepted')) faults.push(`${when}: node ${index} said ${revoked}`);
    }
  };

  const one = async (worker: number) => {
    const email = `clerk${worker}@example.com`;
    await on(nodes, worker).call('POST', '/auth/register', { body: { email, password } });
    let { refresh_token: refreshToken, access_token: first } = await logIn(on(nodes, worker), email);
    const userId = claimsOf(first).sub;
    const refresh = async (index: number) => {
      const body = { refresh_token: refreshToken, audience };
      const answer = await on(nodes, index).call('POST', '/auth/refresh', { body });
      if (answer.status !== 200) throw new Error(`a session is lost: ${JSON.stringify(answer.body)}`);
      refreshToken = answer.body.refresh_token;
      return answer.body.access_token as string;
    };
    for (let round = worker; round < rounds; round += atOnce) {
      await on(clients, round).call('grantRole', { role: 'clerk', userId });
      const token = await refresh(round + 1);
      if (claimsOf(token)['scope'] !== 'account read write')
        faults.push(`round ${round}: no right to take away`);
      await everywhere(token, 'accepted', `round ${round}, before`);
      const began = performance.now();
      await on(clients, round + 2).call('takeRole', { role: 'clerk', userId });
      tookMs.push(performance.now() - began);
      await everywhere(token, '401 invalid_token revoked', `round ${round}, after`);
      const smaller = await refresh(round);
      if (claimsOf(smaller)['scope'] !== 'account read')
        faults.push(`round ${round}: the next token has more`);
      if (round % 10 > 0) continue;
      const other = await logIn(on(nodes, round), email);
      const from = performance.now();
      await on(nodes, round + 1).call('POST', '/auth/logout', { token: other.access_token });
      logoutMs.push(performance.now() - from);
    }
  };
  const idle = await Promise.all(
    Array.from({ length: busySessions }, async (_, number) => {
      const [node, email] = [on(nodes, number), `busy${number}@example.com`];
      await node.call('POST', '/auth/register', { body: { email, password } });
      return { node, refresh_token: (await logIn(node, email)).refresh_token };
    }),
  );
  let refreshes = 0;
  const load = keepDoing({ everyMs: loadEveryMs, atOnce: busySessions }, async () => {
    const session = idle.pop();
    if (session === undefined) return;
    const body = { refresh_token: session.refresh_token, audience };
    const answer = await session.node.call('POST', '/auth/refresh', { body });
    if (answer.status !== 200) faults.push(`a session is lost: ${JSON.stringify(answer.body)}`);
    refreshes += 1;
    idle.unshift({ ...session, refresh_token: answer.body.refresh_token });
  });
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => one(worker)));
  await load.stop();

  t.strictSame(faults, []);
  t.equal(tookMs.length, rounds);
  t.ok(refreshes >= rounds, `there was a load: ${refreshes} refreshes`);
  const of = (values: readonly number[], share: number) =>
    (values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0).toFixed(1);
  const line = (what: string, values: readonly number[]) =>
    `${what}: p50 ${of(values, 0.5)} ms, p99 ${of(values, 0.99)} ms (${values.length})`;
  t.comment(
    `${line('a role taken away', tookMs)}; ${line('a logout', logoutMs)}; beside ${refreshes} refreshes`,
  );
});
