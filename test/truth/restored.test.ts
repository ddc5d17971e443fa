/** After a database was put back: no token of before is accepted any more, by any node and any guard. */

import { markAt, markSubject } from '@countersign/verifier/revocation/issuedBefore';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { said } from '../support/guards.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { accepted, email, guardOf, refused, startTwoNodes } from '../support/twoNodes.ts';

const operator = { name: 'operator' } as const;

t.test('two nodes and a guard', async (t) => {
  const { one, two, sql, start, login, verdicts, redis, guard } = await startTwoNodes(t);
  const client = createRevocationClient(`127.0.0.1:${two.grpcPort}`, two.serviceToken);
  t.teardown(() => client.close());
  const restored = (keepSessions: boolean) => one.authority.operations.restored({ keepSessions }, operator);

  t.test('sessions go on, with new tokens', async (t) => {
    const before = await login();
    t.strictSame(await verdicts(before.access_token), accepted);
    const { issuedUntil, endedSessions, effect } = await restored(true);
    t.equal(endedSessions, 0);
    t.equal(effect?.nodes.length, 1);
    t.strictSame(await verdicts(before.access_token), refused, 'at once');
    t.match(await client.isRevoked({ jti: claimsOf(before.access_token).jti }), {
      reason: 'REASON_RESTORED',
      decidedBy: 'DECIDED_BY_LRU',
    });
    for (const [moment, revoked] of [
      [issuedUntil, true],
      [issuedUntil + 1, false],
    ] as const)
      t.match(await client.isRevoked({ subject: Buffer.from(markSubject(moment)) }), { revoked });
    const after = await one.refresh(before.refresh_token);
    t.equal(after.status, 200);
    t.strictSame(await verdicts(after.body.access_token), accepted);
    t.strictSame(await verdicts((await login()).access_token), accepted);
    t.match(await client.isRevoked({ externalId: '42' }), { revoked: false }, 'it has no such time');
    t.equal((await one.call('POST', '/auth/logout', { token: before.access_token })).status, 204);
    t.equal((await one.refresh(after.body.refresh_token)).status, 401, 'its session can be logged out yet');
  });

  t.test('who comes later', async (t) => {
    const { access_token: token } = await login();
    await restored(true);
    const [three, late] = [await start(), guardOf(t, two)];
    await late.ready();
    t.equal(await said(late, token), '401 invalid_token revoked', 'a guard that has begun since');
    t.equal((await three.call('GET', '/auth/me', { token })).status, 401, 'a node that has');
    const ofThree = guardOf(t, three);
    await ofThree.ready();
    t.equal(await said(ofThree, token), '401 invalid_token revoked', 'and the guard of that one');
    t.equal(await said(ofThree, (await login()).access_token), 'accepted');
    await three.stop();
  });

  t.test('sessions end', async (t) => {
    const before = [await login(), await one.login(email), await two.login(email)];
    t.ok((await restored(false)).endedSessions >= before.length);
    for (const { access_token, refresh_token } of before) {
      t.strictSame(await verdicts(access_token), refused);
      t.equal((await two.refresh(refresh_token)).status, 401);
    }
    const after = await login();
    t.strictSame(await verdicts(after.access_token), accepted, 'and a new one begins');
    t.equal((await one.refresh(after.refresh_token)).status, 200);
  });

  t.test('by a clock that is ahead: until then nobody is given a token', async (t) => {
    const before = await login();
    const moment = Date.now() + 3_000;
    const { subject, reason, expiresAt } = markAt(moment);
    await sql('INSERT INTO revocations VALUES ($1, $2, now(), $3)', [subject, reason, new Date(expiresAt)]);
    const isRefused = async () =>
      (await two.call('GET', '/auth/me', { token: before.access_token })).status === 401;
    await eventually('it was read', isRefused);
    const refresh = () => two.refresh(before.refresh_token);
    const early = await refresh();
    t.ok(Date.now() < moment);
    t.match([early.status, early.body.code, early.headers.get('retry-after')], [503, 'unavailable', '1']);
    const later = await eventually('it is over', async () => {
      const answer = await refresh();
      return answer.status === 200 && answer;
    });
    t.ok(Date.now() > moment);
    t.strictSame(await verdicts(later.body.access_token), accepted);
  });

  t.test('without Redis', async (t) => {
    const { access_token: token } = await login();
    t.strictSame(await verdicts(token), accepted);
    await redis.stop();
    await restored(true);
    t.strictSame(await verdicts(token), refused);
    const { access_token: another } = await login();
    t.strictSame(await verdicts(another), accepted);
    t.equal(guard.state().status, 'leased');
  });
});

t.test('one authority alone', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register(email);
  const guard = guardOf(t, authority);
  await guard.ready();
  const { access_token: token, refresh_token } = await authority.login(email);
  t.equal(await said(guard, token), 'accepted');
  const { restored } = authority.authority.operations;
  t.match(await restored({ keepSessions: false }, operator), { endedSessions: 1 });
  t.equal(await said(guard, token), '401 invalid_token revoked');
  t.equal((await authority.call('GET', '/auth/me', { token })).status, 401);
  t.equal((await authority.refresh(refresh_token)).status, 401);
  t.equal(await said(guard, (await authority.login(email)).access_token), 'accepted');
});
