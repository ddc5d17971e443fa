/** A user has so many sessions and no more, however many logins come at once and wherever. */
import type { Test } from 'tap';
import { password } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import type { Cluster } from '../support/cluster.ts';

/** Of the cluster. */
export const most = 5;
const email = 'alice@example.com';

export async function limitHolds(t: Test, cluster: Cluster): Promise<void> {
  const [one, other] = cluster.nodes;
  await one.call('POST', '/auth/register', { body: { email, password } });
  const login = (number: number) =>
    (number % 2 === 0 ? one : (other ?? one)).call('POST', '/auth/login', {
      body: { email, password },
      milliseconds: 30_000,
    });
  const live = async (token: string) =>
    (await one.call('GET', '/auth/sessions', { token })).body.sessions.map(({ id }: { id: string }) => id);

  const inOrder = [];
  for (let number = 0; number < most + 2; number += 1) inOrder.push((await login(number)).body);
  const ids = inOrder.map(({ session_id }) => session_id);
  const token = inOrder.at(-1).access_token;
  t.strictSame(await live(token), ids.slice(2).reverse(), 'the oldest have ended');
  for (const node of cluster.nodes) {
    for (const [index, { access_token }] of inOrder.entries()) {
      const verdict = await node.grpc.isRevoked(claimsOf(access_token).jti);
      t.equal(verdict.revoked, index < 2, `login ${index + 1}, ${node.name}`);
    }
  }
  const gone = await one.call('POST', '/auth/refresh', {
    body: { refresh_token: inOrder[0].refresh_token },
  });
  t.equal(gone.status, 401);

  const atOnce = await Promise.all(Array.from({ length: 3 * most }, (_, number) => login(number)));
  t.strictSame(
    atOnce.filter(({ status }) => status !== 200),
    [],
  );
  const alive = [];
  for (const { body } of atOnce)
    if (!(await one.grpc.isRevoked(claimsOf(body.access_token).jti)).revoked) alive.push(body);
  t.equal(alive.length, most, 'the limit holds');
  t.equal((await live(alive[0].access_token)).length, most);
}
