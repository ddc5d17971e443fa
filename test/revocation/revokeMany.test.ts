/** Revoking what many sessions have in common, trying it out first, and repeating a request whose answer was lost. */
import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import t from 'tap';
import { type Permission, permissions } from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

const operator = { name: 'operator' };
const nobody = '01890000-0000-7000-8000-000000000000';

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const address = `127.0.0.1:${authority.grpcPort}`;
  const as = async (...allowed: readonly Permission[]) => {
    const name = `service-${randomUUID()}`;
    const { token } = await authority.authority.operations.createService(
      { name, permissions: allowed },
      operator,
    );
    const client = createRpcClient(address, token);
    t.teardown(() => client.close());
    return client;
  };
  const { call } = await as(...permissions);
  const login = async (email: string) => {
    const { access_token: token } = await authority.login(email);
    return { token, kid: decodeProtectedHeader(token).kid as string, ...claimsOf(token) };
  };
  /** Two sessions of a user of their own. */
  const twoSessions = async () => {
    const email = `${randomUUID()}@example.com`;
    await authority.register(email);
    return { email, one: await login(email), other: await login(email) };
  };
  const isRevoked = async ({ jti }: { jti: string }) => (await call('IsRevoked', { jti })).revoked as boolean;
  const named = () => `job-${randomUUID()} page 1/2`;

  t.test('a filter: everything that is set must hold', async (t) => {
    const { one, other } = await twoSessions();
    const bystander = (await twoSessions()).one;
    for (const [what, more] of [
      ['another client', { clientId: 'other' }],
      ['another address', { ip: '192.0.2.1' }],
      ['before it began', { createdBeforeMs: 1 }],
      ['from a time to come', { createdFromMs: Date.now() + 60_000 }],
    ] as const) {
      const filter = { userId: one.sub, ...more };
      t.match(await call('Revoke', { filter }), { endedSessions: 0, effectTimeMs: 0 }, what);
    }
    t.equal(await isRevoked(one), false);
    for (const ip of ['::ffff:127.0.0.1', '::FFFF:7f00:1'])
      t.match(
        await call('Revoke', { filter: { userId: one.sub, ip }, dryRun: true }),
        { matchedSessions: 2 },
        ip,
      );
    const filter = {
      userId: one.sub,
      clientId: 'first-party',
      ip: '127.0.0.1',
      createdFromMs: Date.now() - 60_000,
      createdBeforeMs: Date.now() + 60_000,
    };
    const answer = await call('Revoke', { filter });
    t.match(answer, { endedSessions: 2, matchedSessions: 0, acknowledgedNodes: 0, waitedFor: [] });
    t.ok(Math.abs(answer.effectTimeMs - Date.now()) < 5_000);
    t.strictSame(
      [await isRevoked(one), await isRevoked(other), await isRevoked(bystander)],
      [true, true, false],
    );
    t.match(await call('Revoke', { filter }), { endedSessions: 0 }, 'again is no error');
  });

  t.test('a client: its sessions, and of no other', async (t) => {
    const { one } = await twoSessions();
    t.match(await call('Revoke', { clientId: 'somebody' }), { endedSessions: 0 });
    t.equal(await isRevoked(one), false);
    const { matchedSessions } = await call('Revoke', { clientId: 'first-party', dryRun: true });
    t.ok(matchedSessions >= 2);
    t.match(await call('Revoke', { clientId: 'first-party' }), { endedSessions: matchedSessions });
    t.equal(await isRevoked(one), true);
  });

  t.test('those who may revoke tokens may not choose sessions by what they are', async (t) => {
    const { one } = await twoSessions();
    const needed = (target: object, dryRun: boolean) =>
      'kid' in target ? 'keys.manage' : dryRun ? 'sessions.read' : 'sessions.end_matching';
    for (const target of [{ clientId: 'nobody' }, { filter: { userId: one.sub } }, { kid: one.kid }]) {
      for (const dryRun of [true, false]) {
        const others = permissions.filter((name) => name !== needed(target, dryRun));
        const { call: callAs } = await as(...others);
        const refusal = await refusalOf(callAs('Revoke', { ...target, dryRun }));
        t.match(refusal, { code: 'PERMISSION_DENIED' }, `${Object.keys(target)} ${dryRun}`);
      }
    }
    t.equal(await isRevoked(one), false);
    const { call: callAs } = await as('sessions.read');
    const filter = { userId: one.sub };
    t.match(await callAs('Revoke', { filter, dryRun: true }), { matchedSessions: 2 });
    const { call: end } = await as('sessions.end_matching');
    t.match(await end('Revoke', { filter }), { endedSessions: 2 });
  });

  t.test('a dry run is nothing to repeat', async (t) => {
    const { one } = await twoSessions();
    for (const target of [{ sessionId: one.sid }, { filter: { userId: one.sub } }, { kid: one.kid }]) {
      const refusal = await refusalOf(call('Revoke', { ...target, dryRun: true, requestId: named() }));
      t.match(refusal, { code: 'INVALID_ARGUMENT', field: 'request_id' });
    }
  });

  t.test('a key, as KeyService does, and by those who may', async (t) => {
    const { one } = await twoSessions();
    const revoker = await as('tokens.revoke');
    const refusal = await refusalOf(revoker.call('Revoke', { kid: one.kid }));
    t.match(refusal, { code: 'PERMISSION_DENIED', reason: 'PERMISSION_DENIED' });
    t.match(await refusalOf(call('Revoke', { kid: 'x' })), { code: 'INVALID_ARGUMENT', field: 'kid' });
    t.match(await refusalOf(call('Revoke', { kid: 'k'.repeat(43) })), { code: 'NOT_FOUND' });
    const foreseen = await call('Revoke', { kid: one.kid, dryRun: true });
    t.match(foreseen, { endedSessions: 0, effectTimeMs: 0 });
    const request = { kid: one.kid, requestId: named() };
    for (const time of ['first', 'again'])
      t.match(await call('Revoke', request), { endedSessions: foreseen.matchedSessions }, time);
    t.ok(foreseen.matchedSessions >= 2);
    t.equal((await call('Introspect', { token: one.token })).active, false);
  });

  t.test('a dry run says how many, and changes nothing', async (t) => {
    const { one, other } = await twoSessions();
    for (const [target, matchedSessions] of [
      [{ token: one.token }, 0],
      [{ jti: one.jti }, 0],
      [{ external: { externalId: 'x', exp: Math.floor(Date.now() / 1000) + 60 } }, 0],
      [{ sessionId: one.sid }, 1],
      [{ userId: one.sub }, 2],
      [{ filter: { userId: one.sub } }, 2],
      [{ filter: { userId: nobody } }, 0],
    ] as const) {
      const foreseen = await call('Revoke', { ...target, dryRun: true });
      t.match(foreseen, { matchedSessions, endedSessions: 0, effectTimeMs: 0 }, String(Object.keys(target)));
    }
    t.strictSame([await isRevoked(one), await isRevoked(other)], [false, false]);
    t.equal((await call('IsRevoked', { externalId: 'x' })).revoked, false);
    for (const target of [{ sessionId: nobody }, { userId: nobody }])
      t.match(await refusalOf(call('Revoke', { ...target, dryRun: true })), { code: 'NOT_FOUND' });
    await call('Revoke', { sessionId: one.sid });
    t.match(await call('Revoke', { sessionId: one.sid, dryRun: true }), { matchedSessions: 0 });
    t.match(await call('Revoke', { userId: one.sub, dryRun: true }), { matchedSessions: 1 });
  });

  t.test('a request that is repeated ends nothing that is newer, and gives the first counts', async (t) => {
    for (const [what, targetOf] of [
      ['user_id', (userId: string) => ({ userId })],
      ['filter', (userId: string) => ({ filter: { userId } })],
    ] as const) {
      const { email, one, other } = await twoSessions();
      const request = { ...targetOf(one.sub), requestId: named() };
      t.match(await call('Revoke', request), { endedSessions: 2 }, what);
      const later = await login(email);
      const again = await call('Revoke', request);
      t.match(again, { endedSessions: 2 });
      t.ok(again.effectTimeMs > 0, 'it is brought into effect again');
      t.strictSame(
        [await isRevoked(one), await isRevoked(other), await isRevoked(later)],
        [true, true, false],
      );
      t.match(
        await call('Revoke', { ...request, requestId: named() }),
        { endedSessions: 1 },
        'another one is',
      );
      t.equal(await isRevoked(later), true);
    }
  });

  t.test('of every other target, the repeat is the same success', async (t) => {
    const { one, other } = await twoSessions();
    const exp = Math.floor(Date.now() / 1000) + 60;
    for (const [target, endedSessions] of [
      [{ jti: one.jti }, 0],
      [{ token: other.token }, 0],
      [{ external: { externalId: 'earlier', exp } }, 0],
      [{ sessionId: one.sid }, 1],
    ] as const) {
      const requestId = named();
      t.match(await call('Revoke', { ...target, requestId }), { endedSessions });
      const again = await call('Revoke', { ...target, requestId });
      t.match(again, { endedSessions }, String(Object.keys(target)));
      t.ok(again.effectTimeMs > 0);
    }
    const requestId = named();
    t.equal((await call('EndSession', { sessionId: other.sid, requestId })).ended, true);
  });

  t.test('two at the same time are one', async (t) => {
    const { one } = await twoSessions();
    const request = { userId: one.sub, requestId: named() };
    const answers = await Promise.all([1, 2, 3].map(() => call('Revoke', request)));
    t.strictSame(
      answers.map(({ endedSessions }) => endedSessions),
      [2, 2, 2],
    );
  });

  t.test('a name is for one request of one service', async (t) => {
    const { one, other } = await twoSessions();
    const requestId = named();
    await call('Revoke', { sessionId: one.sid, requestId });
    for (const target of [{ sessionId: other.sid }, { userId: one.sub }, { filter: { userId: one.sub } }]) {
      const refusal = await refusalOf(call('Revoke', { ...target, requestId }));
      t.match(refusal, { code: 'INVALID_ARGUMENT', reason: 'INVALID_REQUEST', field: 'request_id' });
    }
    t.equal(await isRevoked(other), false, 'and nothing has changed');
    const another = await as('sessions.end');
    t.match(await another.call('Revoke', { sessionId: other.sid, requestId }), { endedSessions: 1 });
    for (const malformed of ['x'.repeat(129), 'é', 'a\nb']) {
      const refusal = await refusalOf(call('Revoke', { sessionId: one.sid, requestId: malformed }));
      t.match(refusal, { code: 'INVALID_ARGUMENT', field: 'request_id' });
    }
  });

  t.test('one that was refused can be repeated', async (t) => {
    const { one } = await twoSessions();
    const requestId = named();
    t.match(await refusalOf(call('Revoke', { sessionId: nobody, requestId })), { code: 'NOT_FOUND' });
    t.match(await refusalOf(call('Revoke', { kid: 'k'.repeat(43), requestId })), { code: 'NOT_FOUND' });
    t.match(await call('Revoke', { sessionId: one.sid, requestId }), { endedSessions: 1 });
  });

  t.test('what is not understood is named', async (t) => {
    for (const [filter, field] of [
      [{}, 'filter'],
      [{ userId: 'alice' }, 'user_id'],
      [{ clientId: 'x'.repeat(256) }, 'client_id'],
      [{ clientId: 'ü' }, 'client_id'],
      [{ ip: 'localhost' }, 'ip'],
      [{ ip: "' OR 1=1--" }, 'ip'],
      [{ createdBeforeMs: -1 }, 'created_before_ms'],
      // What is set but empty is a caller's mistake: without it, the rest would select more than was meant.
      [{ userId: '', createdBeforeMs: 1 }, 'user_id'],
      [{ clientId: '', createdBeforeMs: 1 }, 'client_id'],
      [{ ip: '', createdBeforeMs: 1 }, 'ip'],
      [{ userId: nobody, createdBeforeMs: 0 }, 'created_before_ms'],
      [{ userId: nobody, createdFromMs: 0 }, 'created_from_ms'],
      [{ createdFromMs: 1e18 }, 'created_from_ms'],
    ] as const) {
      for (const dryRun of [true, false])
        t.match(await refusalOf(call('Revoke', { filter, dryRun })), { code: 'INVALID_ARGUMENT', field });
    }
  });

  t.test('none of it was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});
