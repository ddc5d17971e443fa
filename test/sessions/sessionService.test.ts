/** SessionService: what support tools see, and end. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { type Permission, permissions } from '../../src/services/service.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

const operator = { name: 'operator' };

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const address = `127.0.0.1:${authority.grpcPort}`;
  const as = async (...allowed: Permission[]) => {
    const service = { name: `service-${randomUUID()}`, permissions: allowed };
    const { token } = await authority.authority.operations.createService(service, operator);
    const client = createRpcClient(address, token);
    t.teardown(() => client.close());
    return client;
  };
  const { call } = await as('sessions.read', 'sessions.end', 'tokens.check');
  const newUser = async (sessions: number) => {
    const email = `${randomUUID()}@example.com`;
    await authority.register(email);
    const tokens = [];
    for (let made = 0; made < sessions; made += 1)
      tokens.push(claimsOf((await authority.login(email, { 'user-agent': `agent ${made}` })).access_token));
    return { email, userId: tokens[0]?.sub ?? '', sids: tokens.map(({ sid }) => sid), tokens };
  };

  t.test('who may: nobody who was not named for it', async (t) => {
    const { userId, sids } = await newUser(1);
    for (const [method, permission, request] of [
      ['GetSession', 'sessions.read', { sessionId: sids[0] }],
      ['ListSessions', 'sessions.read', { userId }],
      ['EndSession', 'sessions.end', { sessionId: sids[0] }],
    ] as const) {
      const others = await as(...permissions.filter((name) => name !== permission));
      t.match(await refusalOf(others.call(method, request)), { code: 'PERMISSION_DENIED' }, method);
      t.match(await refusalOf(others.call(method, request, { token: '' })), { code: 'UNAUTHENTICATED' });
    }
  });

  t.test('live sessions, newest first, in pages', async (t) => {
    const { userId, sids } = await newUser(5);
    const pages: string[][] = [];
    let pageToken = '';
    do {
      const page = await call('ListSessions', { userId, pageSize: 2, pageToken });
      pages.push(page.sessions.map(({ sessionId }: { sessionId: string }) => sessionId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    const [a, b, c, d, e] = sids;
    t.strictSame(pages, [[e, d], [c, b], [a]]);
    const { sessions, nextPageToken } = await call('ListSessions', { userId });
    t.equal(nextPageToken, '');
    const now = Date.now();
    t.match(sessions[0], { sessionId: e, userId, userAgent: 'agent 4', ip: '127.0.0.1', deviceName: '' });
    t.ok(sessions[0].createTimeMs <= now && sessions[0].createTimeMs > now - 60_000);
    t.ok(sessions[0].expireTimeMs > now && sessions[0].lastUsedTimeMs > now - 60_000);
  });

  t.test('one that is ended is accepted by nobody, and is not listed', async (t) => {
    const { userId, sids, tokens } = await newUser(2);
    const answer = await call('EndSession', { sessionId: sids[0] });
    t.equal(answer.ended, true);
    t.ok(Math.abs(answer.effectTimeMs - Date.now()) < 5_000);
    t.match(await call('IsRevoked', { jti: tokens[0]?.jti }), { revoked: true, reason: 'REASON_REVOKED' });
    t.match(await call('IsRevoked', { jti: tokens[1]?.jti }), { revoked: false });
    t.match(await call('EndSession', { sessionId: sids[0] }), { ended: false }, 'again is no error');
    const { sessions } = await call('ListSessions', { userId });
    t.match(sessions, [{ sessionId: sids[1] }]);
    await call('EndSession', { sessionId: sids[1] });
    t.match(await call('ListSessions', { userId }), { sessions: [], nextPageToken: '' });
  });

  t.test('a named request that is repeated says the same', async (t) => {
    const { sids } = await newUser(2);
    const requestId = randomUUID();
    for (const time of ['first', 'again'])
      t.equal((await call('EndSession', { sessionId: sids[0], requestId })).ended, true, time);
    const refusal = await refusalOf(call('EndSession', { sessionId: sids[1], requestId }));
    t.match(refusal, { code: 'INVALID_ARGUMENT', field: 'request_id' });
  });

  t.test('what is not understood is named, what does not exist is NOT_FOUND', async (t) => {
    const { userId } = await newUser(1);
    for (const [method, request, field] of [
      ['ListSessions', {}, 'user_id'],
      ['ListSessions', { userId: userId.toUpperCase() }, 'user_id'],
      ['ListSessions', { userId, pageSize: -1 }, 'page_size'],
      ['ListSessions', { userId, pageSize: 101 }, 'page_size'],
      ['ListSessions', { userId, pageToken: 'x' }, 'page_token'],
      ['ListSessions', { userId, pageToken: `${'A'.repeat(21)}B` }, 'page_token'],
      ['EndSession', {}, 'session_id'],
      ['EndSession', { sessionId: 'x' }, 'session_id'],
    ] as const) {
      t.match(
        await refusalOf(call(method, request)),
        { code: 'INVALID_ARGUMENT', field },
        JSON.stringify(request),
      );
    }
    t.match(await refusalOf(call('ListSessions', { userId: randomUUID() })), { code: 'NOT_FOUND' });
    t.match(await refusalOf(call('EndSession', { sessionId: randomUUID() })), { code: 'NOT_FOUND' });
  });

  t.test('none of it was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});
