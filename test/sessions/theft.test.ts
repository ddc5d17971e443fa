/** Thief and victim: whoever comes second shows that there are two, and both are out, on every node. */
import t from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { startAuthority, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { type SeededSession, seedSessions } from '../support/seededSessions.ts';

const [victim, thief] = [{ 'user-agent': 'victim' }, { 'user-agent': 'thief' }];

t.test('a stolen refresh token', async (t) => {
  const cluster = await startCluster(2, { REFRESH_GRACE: '0s' });
  const engine = await openEngine('', cluster.postgres.url);
  t.teardown(async () => {
    await engine.close();
    await cluster.stop();
  });
  const [node, other = node] = cluster.nodes;
  const refresh = (refreshToken: string, headers: Record<string, string>, at = node) =>
    at.call('POST', '/auth/refresh', { body: { refresh_token: refreshToken }, headers });
  const refusals = (sessionId: string) =>
    engine.prisma.auditEvent.findMany({
      where: { sessionId, type: 'refresh_refused' },
      select: { reason: true },
    });
  const sessions = await seedSessions(cluster, 5);

  const orders = { 'the thief comes first': [thief, victim], 'the victim comes first': [victim, thief] };
  for (const [order, [first = {}, second = {}]] of Object.entries(orders)) {
    await t.test(order, async (t) => {
      const { id, token, refreshToken } = sessions.at(order.length % 2) as SeededSession;
      const got = await refresh(refreshToken, first);
      t.equal(got.status, 200);
      const late = await refresh(refreshToken, second, other);
      t.match(late, { status: 401, body: { code: 'invalid_grant' } });
      for (const each of cluster.nodes) {
        for (const access of [token, got.body.access_token])
          t.equal((await each.grpc.isRevoked(claimsOf(access).jti)).revoked, true, each.name);
        t.equal(
          (await refresh(got.body.refresh_token, first, each)).status,
          401,
          'who came first is out, too',
        );
      }
      const said = (await refusals(id)).map(({ reason }) => reason);
      t.strictSame(said.slice(0, 1), ['replayed']);
      t.strictSame(new Set(said.slice(1)), new Set(['ended']), 'one event names the rule');
      const warned = cluster.nodes.flatMap(({ warnings }) => warnings()).filter((line) => line.includes(id));
      t.equal(warned.length, 1, 'and the log of one node tells whoever watches it');
      t.match(warned[0], /"rule":"replayed".*two parties used one refresh token/);
    });
  }

  await t.test('sending a dead token again and again writes little', async (t) => {
    const { id, refreshToken } = sessions[2] as SeededSession;
    await refresh(refreshToken, victim);
    await Promise.all(Array.from({ length: 40 }, () => refresh(refreshToken, thief)));
    const said = await refusals(id);
    t.equal(said.filter(({ reason }) => reason === 'replayed').length, 1, 'the theft is told once');
    t.ok(said.length <= 6, `${said.length} rows for 40 tries`);
  });
});

t.test('a setting ends all sessions of the user', async (t) => {
  const authority = await startAuthority({ env: { REFRESH_GRACE: '0s', REFRESH_REPLAY_ENDS: 'all' } });
  t.teardown(() => authority.stop());
  for (const email of ['ann@example.com', 'bob@example.com']) await authority.register(email);
  const login = () => authority.login('ann@example.com');
  const [stolen, bystander] = [await login(), await login()];
  const stranger = await authority.login('bob@example.com');
  const refresh = async ({ refresh_token }: Tokens) => (await authority.refresh(refresh_token)).status;
  t.equal(await refresh(stolen), 200);
  t.equal(await refresh(stolen), 401);
  t.equal(await refresh(bystander), 401, 'the other session of the user');
  t.equal((await authority.grpc.isRevoked(claimsOf(bystander.access_token).jti)).revoked, true);
  t.equal(await refresh(stranger), 200, 'somebody else');
});
