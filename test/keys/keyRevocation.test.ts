/** A signing key is revoked while everybody signs in: when that is answered, no token of the key is good anywhere. */
import t from 'tap';
import { password } from '../support/authority.ts';
import { claimsOf, kidOf } from '../support/clients.ts';
import { type ClusterNode, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { createKeyClient } from '../support/keyClient.ts';

const users = ['alice@example.com', 'bob@example.com', 'carol@example.com'];

interface Handed {
  readonly token: string;
  readonly refreshToken: string;
}

t.test('keys revoke, under load', async (t) => {
  const cluster = await startCluster(3);
  t.teardown(() => cluster.stop());
  const { nodes } = cluster;
  const [first] = nodes;
  const keys = createKeyClient(first.grpcAddress, cluster.serviceToken);
  t.teardown(() => keys.close());
  for (const email of users) await first.call('POST', '/auth/register', { body: { email, password } });

  const handed: Handed[] = [];
  const refusals: number[] = [];
  let running = true;
  const take = ({ status, body }: { status: number; body: Record<string, string> }) => {
    if (status !== 200) return void refusals.push(status);
    handed.push({ token: body['access_token'] ?? '', refreshToken: body['refresh_token'] ?? '' });
  };
  const signIn = (node: ClusterNode, email: string) =>
    node.call('POST', '/auth/login', { body: { email, password } });
  /** Signs in, and refreshes until that is refused; then signs in again. */
  const work = async (node: ClusterNode, email: string) => {
    while (running) {
      let answer = await signIn(node, email);
      take(answer);
      while (running && answer.status === 200) {
        const { refresh_token } = answer.body;
        answer = await node.call('POST', '/auth/refresh', { body: { refresh_token } });
        take(answer);
      }
    }
  };
  const workers = Promise.all(nodes.map((node, index) => work(node, users[index] ?? '')));
  await eventually('many have signed in', () => handed.length > 100, 30_000);

  const kid = kidOf(handed[0]?.token ?? '');
  const before = handed.length;
  const answer = await keys.revoke(kid);
  const answeredAt = handed.length;
  // In flight when it was answered, or taken before: whatever was handed out is refused.
  const again = await Promise.all(nodes.map((node) => signIn(node, users[0] ?? '')));
  t.strictSame(
    again.map(({ status }) => status),
    [200, 200, 200],
    'signing in works at once, on every node',
  );
  t.notOk(
    again.some(({ body }) => kidOf(body.access_token) === kid),
    'with another key',
  );
  t.ok(answer.endedSessions >= 3, `${answer.endedSessions} sessions ended`);

  const dead = () => handed.filter(({ token }) => kidOf(token) === kid);
  const accepted: string[] = [];
  const probe = async ({ token }: Handed, node: ClusterNode) => {
    const [{ revoked, reason }, { active }, me] = await Promise.all([
      node.grpc.isRevoked(claimsOf(token).jti),
      node.grpc.introspect(token),
      node.call('GET', '/auth/me', { token }),
    ]);
    // A session that its user had ended before has another reason; and Redis holds none.
    if (!revoked || active || me.status !== 401)
      accepted.push(`${node.name}: ${revoked} ${active} ${me.status} ${reason}`);
  };
  const probed = dead();
  for (const node of nodes) await Promise.all(probed.map((each) => probe(each, node)));
  t.strictSame(accepted, [], `${probed.length} tokens on three nodes; ${before} had been handed out before`);

  await eventually('work goes on', () => handed.slice(answeredAt).some(({ token }) => kidOf(token) !== kid));
  running = false;
  await workers;
  for (const node of nodes)
    await Promise.all(
      dead()
        .slice(probed.length)
        .map((each) => probe(each, node)),
    );
  t.strictSame(accepted, [], 'those too that were on their way');
  t.ok(handed.length > answeredAt, `${handed.length - answeredAt} tokens were handed out since`);
  t.strictSame(
    refusals.filter((status) => status !== 401 && status !== 503),
    [],
    'refusals are 401 and 503',
  );
  for (const { refreshToken } of probed.slice(-3)) {
    const refreshed = await first.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } });
    t.equal(refreshed.status, 401, 'its sessions have ended');
  }

  for (const node of nodes) {
    const gone = async () => {
      const { body } = await node.call('GET', '/.well-known/jwks.json');
      return !body.keys.some((jwk: { kid: string }) => jwk.kid === kid) && body.keys.length === 2;
    };
    t.ok(await eventually(`${node.name} publishes it no more`, gone));
    t.strictSame(node.errors(), [], node.name);
  }
  t.match(await keys.revoke(kid), { endedSessions: 0 }, 'again is no error');
});
