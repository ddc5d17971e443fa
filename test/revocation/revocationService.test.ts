/** Taking tokens back over gRPC: by one authority, and as one of three nodes. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf, statusOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { sharedServers } from '../support/twoNodes.ts';

const operator = { name: 'operator' };
const inAnHour = () => Math.floor(Date.now() / 1000) + 3_600;

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const address = `127.0.0.1:${authority.grpcPort}`;
  const client = createRevocationClient(address, authority.serviceToken);
  t.teardown(() => client.close());
  await authority.register('alice@example.com');
  const login = async () => {
    const tokens = await authority.login('alice@example.com');
    const { jti, sid, sub, ver } = claimsOf(tokens.access_token);
    return { ...tokens, jti, sid, sub, ver };
  };

  t.test('what is named dies, and nothing else', async (t) => {
    for (const [what, target, dead] of [
      ['token', 'token', 'token'],
      ['jti', 'jti', 'token'],
      ['session_id', 'sessionId', 'session'],
      ['user_id', 'userId', 'user'],
    ] as const) {
      const [mine, other] = [await login(), await login()];
      const refreshed = await authority.refresh(mine.refresh_token);
      const sibling = claimsOf(refreshed.body.access_token).jti;
      const values = { token: mine.access_token, jti: mine.jti, sessionId: mine.sid, userId: mine.sub };
      const answer = await client.revoke({ [target]: values[target] });
      const revoked = async (jti: string) => (await client.isRevoked({ jti })).revoked;
      t.strictSame(
        [await revoked(mine.jti), await revoked(sibling), await revoked(other.jti)],
        [true, dead !== 'token', dead === 'user'],
        what,
      );
      t.match(await client.isRevoked({ jti: mine.jti }), { reason: 'REASON_REVOKED' });
      t.equal(
        (await authority.refresh(refreshed.body.refresh_token)).status,
        dead === 'token' ? 200 : 401,
        `${what}: the refresh token`,
      );
      // Sessions of the rows before, whose tokens only were revoked, are ended with the user too.
      t.equal(answer.endedSessions, { token: 0, session: 1, user: answer.endedSessions }[dead], what);
      t.ok(dead !== 'user' || answer.endedSessions >= 2);
      t.ok(Math.abs(answer.effectTimeMs - Date.now()) < 5_000, 'it says since when');
      t.ok(answer.effectDurationUs > 0);
      t.match([answer.acknowledgedNodes, answer.waitedFor], [0, []], 'there is no other node');
      t.match(await client.revoke({ [target]: values[target] }), { endedSessions: 0 }, 'again is no error');
    }
  });

  t.test('a login in flight does not outlive the user’s sessions', async (t) => {
    const before = await login();
    await client.revoke({ userId: before.sub });
    t.equal(claimsOf((await login()).access_token)['ver'], Number(before.ver) + 1);
  });

  t.test('a token of an earlier system, by whatever names it there', async (t) => {
    for (const externalId of ['42', randomUUID(), 'ü'.repeat(256), `a\0b`]) {
      t.match(await client.isRevoked({ externalId }), { revoked: false });
      await client.revoke({ external: { externalId, exp: inAnHour() } });
      t.match(await client.isRevoked({ externalId }), { revoked: true, reason: 'REASON_REVOKED' });
      t.match(await client.isRevoked({ externalId: `${externalId.slice(0, -1)}x` }), { revoked: false });
    }
  });

  t.test('what is not understood is named', async (t) => {
    const { jti } = await login();
    const now = Math.floor(Date.now() / 1000);
    const external = (externalId: string, seconds?: number) => ({
      external: { externalId, ...(seconds === undefined ? {} : { exp: seconds }) },
    });
    for (const [request, details] of [
      [{}, /^target: one of/],
      [{ token: 'x' }, /^token: is not a live access token/],
      [{ jti: 'x' }, /^jti: /],
      [{ jti: randomUUID() }, /^jti: /],
      [{ sessionId: jti }, /^session_id: must be a UUID/],
      [{ userId: 'alice@example.com' }, /^user_id: must be a UUID/],
      [external('', now + 60), /^external_id: must have 1 to 512 bytes/],
      [external('x'.repeat(513), now + 60), /^external_id: /],
      [external('x'), /^exp: must be in the future/],
      [external('x', now - 1), /^exp: must be in the future/],
      [external('x', now + 25 * 3_600), /^exp: .*at most 24 hours/],
    ] as const) {
      await t.rejects(client.revoke(request), { code: 3, details }, JSON.stringify(request).slice(0, 60));
    }
    await t.rejects(client.isRevoked({ jti, externalId: '42' }), { code: 3, details: /^external_id: / });
    await t.rejects(client.isRevoked({ externalId: 'x'.repeat(513) }), {
      code: 3,
      details: /^external_id: /,
    });
  });

  t.test('what does not exist is NOT_FOUND', async (t) => {
    for (const request of [{ sessionId: randomUUID() }, { userId: randomUUID() }]) {
      t.equal(await statusOf(client.revoke(request)), 'NOT_FOUND', String(Object.keys(request)));
    }
  });

  t.test('who may', async (t) => {
    const { operations } = authority.authority;
    const { token } = await operations.createService(
      { name: 'checker', permissions: ['tokens.check'] },
      operator,
    );
    for (const [serviceToken, expected] of [
      [token, 'PERMISSION_DENIED'],
      ['garbage', 'UNAUTHENTICATED'],
    ] as const) {
      const stranger = createRevocationClient(address, serviceToken);
      t.equal(await statusOf(stranger.revoke({ sessionId: randomUUID() })), expected);
      stranger.close();
    }
  });
});

t.test('one of three nodes says which others acknowledged, and for which it waited', async (t) => {
  const { redis, env } = await sharedServers(t);
  const [one, two, three] = [
    await startAuthority({ env }),
    await startAuthority({ env }),
    await startAuthority({ env }),
  ] as const;
  const nodes = [one, two, three];
  t.teardown(() => Promise.all(nodes.map((node) => node.stop())));
  const client = createRevocationClient(`127.0.0.1:${one.grpcPort}`, one.serviceToken);
  t.teardown(() => client.close());
  await one.register('alice@example.com');
  const session = async () => claimsOf((await two.login('alice@example.com')).access_token);
  const everywhere = async (jti: string) => {
    for (const node of nodes) t.match(await node.grpc.isRevoked(jti), { revoked: true });
  };

  const first = await session();
  t.match(await client.revoke({ sessionId: first.sid }), { endedSessions: 1 });
  await everywhere(first.jti);
  // A node that has just started may not hear the others yet; then it was waited for in another way.
  const heard = async () => {
    const again = await client.revoke({ sessionId: first.sid });
    return again.acknowledgedNodes === 2 && again.waitedFor.length === 0;
  };
  t.ok(await eventually('both others acknowledge', heard));

  await redis.stop();
  const second = await session();
  const answer = await client.revoke({ sessionId: second.sid });
  t.match(answer, {
    acknowledgedNodes: 0,
    waitedFor: [{ outcome: 'NODE_OUTCOME_READ' }, { outcome: 'NODE_OUTCOME_READ' }],
  });
  t.match(answer.waitedFor[0]?.nodeId, /^[0-9a-f-]{36}$/);
  t.ok(answer.effectDurationUs < 1_500_000, `${answer.effectDurationUs} µs without Redis`);
  await everywhere(second.jti);
});
