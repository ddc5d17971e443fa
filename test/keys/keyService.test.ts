/** Signing keys over gRPC: who may, what is shown, and what changes. */
import { randomUUID } from 'node:crypto';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { type Permission, permissions, usualPermissions } from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf, kidOf, statusOf } from '../support/clients.ts';
import { createKeyClient } from '../support/keyClient.ts';
import { createRevocationClient } from '../support/revocationClient.ts';

const operator = { name: 'operator' };
const email = 'alice@example.com';

t.test('KeyService', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const address = `127.0.0.1:${authority.grpcPort}`;
  const as = async (...allowed: Permission[]) => {
    const service = { name: `service-${randomUUID()}`, permissions: allowed };
    const { token } = await authority.authority.operations.createService(service, operator);
    const client = createKeyClient(address, token);
    t.teardown(() => client.close());
    return client;
  };
  const keys = await as('keys.manage');
  await authority.register(email);
  const tokens = createRevocationClient(address, authority.serviceToken);
  t.teardown(() => tokens.close());
  const published = async () => {
    const { body } = await authority.call('GET', '/.well-known/jwks.json');
    return (body.keys as { kid: string }[]).map(({ kid }) => kid).sort();
  };

  t.test('who may: nobody who was not named for it', async (t) => {
    const others = [
      await as(...permissions.filter((name) => name !== 'keys.manage')),
      await as(...usualPermissions),
    ];
    for (const client of others) {
      for (const call of [() => client.list(), () => client.rotate(), () => client.reseal()]) {
        t.equal(await statusOf(call()), 'PERMISSION_DENIED');
      }
      t.equal(await statusOf(client.revoke('x')), 'PERMISSION_DENIED');
    }
    const nobody = createKeyClient(address, '');
    t.equal(await statusOf(nobody.list()), 'UNAUTHENTICATED');
    nobody.close();
  });

  t.test('a first start has a key that signs and the next one, and publishes both', async (t) => {
    const listed = await keys.list();
    t.strictSame(listed.map(({ state }) => state).sort(), ['KEY_STATE_ACTIVE', 'KEY_STATE_NEXT']);
    t.strictSame(listed.map(({ kid }) => kid).sort(), await published());
    for (const { createTimeMs, retiringTimeMs, retireTimeMs, revokeTimeMs } of listed) {
      t.ok(Math.abs(createTimeMs - Date.now()) < 60_000);
      t.strictSame([retiringTimeMs, retireTimeMs, revokeTimeMs], [0, 0, 0]);
    }
  });

  t.test('rotate: the next key signs, tokens of the one before stay good', async (t) => {
    const old = await authority.login(email);
    const next = (await keys.list()).find(({ state }) => state === 'KEY_STATE_NEXT');
    t.strictSame(await keys.rotate(), { kid: next?.kid, rotated: true });
    const fresh = await authority.login(email);
    t.equal(kidOf(fresh.access_token), next?.kid);
    for (const { access_token: token } of [old, fresh]) {
      t.equal((await authority.grpc.introspect(token)).active, true);
      t.equal((await authority.call('GET', '/auth/me', { token })).status, 200);
    }
    t.equal((await published()).length, 3);
    t.match(
      (await keys.list()).find(({ kid }) => kid === kidOf(old.access_token)),
      { state: 'KEY_STATE_RETIRING' },
    );
    await t.rejects(
      keys.rotate(),
      { code: 9, details: /caches may lack it until 2\d{3}-.*Z/ },
      'not again at once',
    );
    t.equal((await published()).length, 3, 'and nothing has changed');
  });

  t.test('revoke: every token of the key and its sessions, and no other', async (t) => {
    const [retiring, active] = await Promise.all(
      ['KEY_STATE_RETIRING', 'KEY_STATE_ACTIVE'].map(async (wanted) =>
        (await keys.list()).find(({ state }) => state === wanted),
      ),
    );
    const mine = await authority.login(email);
    const refreshed = (await authority.refresh(mine.refresh_token)).body;
    const { endedSessions, effectTimeMs } = await keys.revoke(retiring?.kid ?? '');
    t.equal(endedSessions, 1, 'the session of the token that was issued before the rotation');
    t.ok(Math.abs(effectTimeMs - Date.now()) < 10_000);
    t.equal((await authority.grpc.introspect(refreshed.access_token)).active, true, 'the others live');

    const answer = await keys.revoke(active?.kid ?? '');
    t.equal(answer.endedSessions, 2);
    for (const { access_token: token } of [mine, refreshed]) {
      t.equal((await authority.grpc.introspect(token)).active, false);
      t.match(await authority.grpc.isRevoked(claimsOf(token).jti), {
        revoked: true,
        reason: 'REASON_KEY_REVOKED',
      });
      t.match(await authority.call('GET', '/auth/me', { token }), {
        status: 401,
        body: { code: 'invalid_token' },
      });
      t.equal(
        (await authority.call('POST', '/auth/logout', { token })).status,
        401,
        'it says nothing any more',
      );
    }
    t.equal((await authority.refresh(refreshed.refresh_token)).status, 401);
    const after = await authority.login(email);
    t.notOk([retiring?.kid, active?.kid].includes(kidOf(after.access_token)));
    t.notOk((await published()).includes(active?.kid ?? ''), 'it is not published any more');
    t.equal((await published()).length, 2);
    const invented = newJti(newId<SessionId>(Date.now()), Date.now(), 0);
    const asked = async (kid: string | undefined) =>
      (await tokens.isRevoked({ jti: invented, ...(kid === undefined ? {} : { kid }) })).revoked;
    t.equal(
      await asked(active?.kid),
      true,
      'whoever names the key is told of tokens that somebody else made',
    );
    t.equal(await asked(kidOf(after.access_token)), false);
    t.equal(await asked(undefined), false);
    await t.rejects(tokens.isRevoked({ jti: invented, kid: 'x' }), { code: 3, details: /^kid: / });
    await t.rejects(tokens.isRevoked({ externalId: '42', kid: invented }), { code: 3 });
    t.match(await keys.revoke(active?.kid ?? ''), { endedSessions: 0 }, 'again is no error');
    t.equal((await authority.grpc.introspect(after.access_token)).active, true);
  });

  t.test('revoke of the next key: nobody is signed out, and another one is made', async (t) => {
    const before = await authority.login(email);
    const next = (await keys.list()).find(({ state }) => state === 'KEY_STATE_NEXT')?.kid ?? '';
    t.match(await keys.revoke(next), { endedSessions: 0 });
    t.notOk((await published()).includes(next));
    t.equal((await published()).length, 2);
    t.equal((await authority.grpc.introspect(before.access_token)).active, true);
  });

  t.test('what is not understood is named', async (t) => {
    for (const kid of [
      '',
      'x',
      'k'.repeat(42),
      `${'k'.repeat(42)}\0`,
      `${'k'.repeat(42)} `,
      'k'.repeat(60_000),
    ]) {
      await t.rejects(keys.revoke(kid), { code: 3, details: /^kid: / }, JSON.stringify(kid).slice(0, 60));
    }
    t.equal(await statusOf(keys.revoke('k'.repeat(43))), 'NOT_FOUND');
  });

  t.test('reseal: nothing to do under the same key', async (t) => {
    t.strictSame(await keys.reseal(), { signingKeys: 0, sessions: 0, unreadableSessions: 0 });
  });

  t.test('none of it is logged as a defect', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});
