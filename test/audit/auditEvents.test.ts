/** Whatever happens that matters is in the audit log: who, what, to whom, in which session, why, and by which request. */

import type { SessionId } from '@countersign/verifier/ids';
import t from 'tap';
import type { RecordedEvent } from '../../src/audit/auditEvent.ts';
import { permissions } from '../../src/services/service.ts';
import { password, startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createKeyClient } from '../support/keyClient.ts';
import { createRpcClient } from '../support/rpcClient.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

type Wanted = Partial<Omit<RecordedEvent, 'requestId' | 'ip'>>;

t.test('every operation', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const { call, register, login, refresh } = authority;
  const secrets: string[] = [password];

  // By id, not by time: keys are dated by the clock of the database.
  const seen = new Set<string>();
  /** What was recorded since; each event must say where it came from. */
  const recorded = async (fromHttp: boolean, wanted: readonly Wanted[], what: string) => {
    const events = await operations.listAudit({ limit: 1_000 });
    const found = events
      .filter(({ id }) => !seen.has(id))
      .sort((one, other) => (one.type < other.type ? -1 : 1));
    for (const { id } of events) seen.add(id);
    const inOrder = wanted.toSorted((one, other) => ((one.type ?? '') < (other.type ?? '') ? -1 : 1));
    t.equal(found.length, wanted.length, what);
    t.match(found, inOrder, what);
    const where = { requestId: /^[\w-]{8,}$/, ip: '127.0.0.1', actor: 'user' };
    if (fromHttp) for (const event of found) t.match(event, where, `${what}: where from`);
  };
  const http = (wanted: readonly Wanted[], what: string) => recorded(true, wanted, what);
  const aLogin = async (email: string) => {
    const tokens = await login(email);
    secrets.push(tokens.access_token, tokens.refresh_token);
    const { sub: userId, sid: sessionId, jti } = claimsOf(tokens.access_token);
    return { ...tokens, userId, sessionId, jti };
  };
  /** What came until now was looked at already. */
  const settle = async () => {
    for (const { id } of await operations.listAudit({ limit: 1_000 })) seen.add(id);
  };

  await recorded(
    false,
    [
      { type: 'service_created', actor: 'operator', reason: authority.serviceName },
      { type: 'service_created', actor: 'authority', reason: 'first' },
      { type: 'signing_key_created', actor: 'authority' },
      { type: 'signing_key_created', actor: 'authority' },
    ],
    'the first start',
  );
  const registered = await register('a@example.com');
  const userId: string = registered.body.user_id;
  await http([{ type: 'user_registered', userId }], 'register');
  const one = await aLogin('a@example.com');
  const { sessionId } = one;
  await http([{ type: 'login_succeeded', userId, sessionId, reason: 'password' }], 'login');
  const wrong = { email: 'a@example.com', password: 'wrong horse battery staple' };
  secrets.push(wrong.password);
  await call('POST', '/auth/login', { body: wrong });
  await http([{ type: 'login_failed', userId, reason: 'wrong_password' }], 'a wrong password');
  await call('POST', '/auth/login', { body: { ...wrong, email: 'nobody@example.com' } });
  await http([{ type: 'login_failed', userId: undefined, reason: 'unknown_user' }], 'nobody');
  const refreshed = await refresh(one.refresh_token);
  secrets.push(refreshed.body.refresh_token);
  await http([{ type: 'session_refreshed', sessionId, reason: 'rotated' }], 'refresh');
  await refresh(one.refresh_token);
  await http([{ type: 'session_refreshed', sessionId, reason: 'repeated_in_grace' }], 'the same again');
  clock.shift(60_000);
  await refresh(one.refresh_token);
  await http(
    [
      { type: 'refresh_refused', userId, sessionId, reason: 'replayed' },
      { type: 'session_ended', userId, sessionId, reason: 'refresh_replayed' },
    ],
    'theft',
  );
  await refresh(refreshed.body.refresh_token);
  await http(
    [{ type: 'refresh_refused', userId, sessionId, reason: 'ended' }],
    'refresh of an ended session',
  );

  const two = await aLogin('a@example.com');
  await settle();
  await call('POST', '/auth/logout', { token: two.access_token });
  await http([{ type: 'session_ended', sessionId: two.sessionId, reason: 'logout' }], 'logout');
  await call('POST', '/auth/logout', { token: two.access_token });
  await http([], 'logout again');

  const many = [await aLogin('a@example.com'), await aLogin('a@example.com'), await aLogin('a@example.com')];
  const [first, second, third] = many as [(typeof many)[0], (typeof many)[0], (typeof many)[0]];
  await settle();
  await call('DELETE', `/auth/sessions/${third.sessionId}`, { token: first.access_token });
  await http([{ type: 'session_ended', sessionId: third.sessionId, reason: 'session_ended' }], 'end one');
  const change = { current_password: wrong.password, new_password: 'another correct horse battery' };
  await call('POST', '/auth/password', { token: first.access_token, body: change });
  await http(
    [{ type: 'password_change_refused', userId, sessionId: first.sessionId }],
    'a wrong current one',
  );
  await call('POST', '/auth/password', {
    token: first.access_token,
    body: { ...change, current_password: password },
  });
  secrets.push(change.new_password);
  await http(
    [
      { type: 'password_changed', userId, sessionId: first.sessionId },
      { type: 'session_ended', userId, sessionId: second.sessionId, reason: 'password_changed' },
    ],
    'password change',
  );
  await call('POST', '/auth/logout-all', { token: first.access_token });
  await http(
    [
      { type: 'all_sessions_ended', userId, reason: 'logout_all' },
      { type: 'session_ended', userId, sessionId: first.sessionId, reason: 'logout_all' },
    ],
    'logout everywhere',
  );

  const operator = { name: 'operator' };
  const made = await operations.register({ email: 'b@example.com', password }, operator);
  await recorded(false, [{ type: 'user_created', actor: 'operator', userId: made.userId }], 'users create');
  const b = [await aLogin('b@example.com'), await aLogin('b@example.com'), await aLogin('b@example.com')];
  const [b1, b2, b3] = b as [(typeof b)[0], (typeof b)[0], (typeof b)[0]];
  await settle();
  await operations.revoke({ jti: b1.jti }, operator);
  const about = { userId: made.userId, actor: 'operator', reason: 'revoked' };
  await recorded(
    false,
    [{ type: 'token_revoked', ...about, sessionId: b1.sessionId, detail: { jti: b1.jti } }],
    'revoke token',
  );
  await operations.revoke({ externalId: 'old-1', expiresAt: clock.now() + 60_000 }, operator);
  await recorded(
    false,
    [{ type: 'token_revoked', reason: 'external_id', detail: { subject: /^[\w-]{36}$/ } as never }],
    'revoke external',
  );
  await operations.revoke({ sessionId: b1.sessionId }, operator);
  await recorded(false, [{ type: 'session_ended', ...about, sessionId: b1.sessionId }], 'revoke session');
  await operations.revoke({ userId: made.userId }, operator);
  await recorded(
    false,
    [
      { type: 'all_sessions_ended', ...about },
      { type: 'session_ended', ...about },
      { type: 'session_ended', ...about },
    ],
    'revoke user',
  );
  t.match(
    new Set(
      (await operations.listAudit({ limit: 2, type: 'session_ended' })).map((event) => event.sessionId),
    ),
    new Set([b2.sessionId, b3.sessionId]),
  );
  const b4 = await aLogin('b@example.com');
  await settle();
  await operations.revoke({ filter: { userId: made.userId } }, operator);
  await recorded(false, [{ type: 'session_ended', ...about, sessionId: b4.sessionId }], 'revoke sessions');
  const b5 = await aLogin('b@example.com');
  await settle();
  await operations.disableUser({ email: 'b@example.com' }, operator);
  await recorded(
    false,
    [
      { type: 'session_ended', userId: made.userId, sessionId: b5.sessionId, reason: 'user_disabled' },
      { type: 'user_disabled', userId: made.userId, actor: 'operator' },
    ],
    'users disable',
  );
  await call('POST', '/auth/login', { body: { email: 'b@example.com', password } });
  await http([{ type: 'login_failed', userId: made.userId, reason: 'user_disabled' }], 'a disabled user');

  const ofB = { userId: made.userId };
  await operations.enableUser({ email: 'b@example.com' }, operator);
  await recorded(false, [{ type: 'user_enabled', actor: 'operator', ...ofB }], 'users enable');
  await operations.enableUser({ email: 'b@example.com' }, operator);
  await recorded(false, [], 'users enable again');
  const [b6, b7] = [await aLogin('b@example.com'), await aLogin('b@example.com')];
  await settle();
  await call('POST', '/auth/logout-others', { token: b6.access_token });
  await http(
    [
      { type: 'other_sessions_ended', ...ofB, sessionId: b6.sessionId },
      { type: 'session_ended', ...ofB, sessionId: b7.sessionId, reason: 'session_ended' },
    ],
    'all others',
  );
  await refresh(b6.refresh_token, { 'user-agent': 'another program' });
  await http(
    [
      {
        ...{ type: 'session_context_changed', ...ofB, sessionId: b6.sessionId, reason: 'note' },
        detail: { signals: ['user_agent_changed'], score: 40 },
      },
      { type: 'session_refreshed', ...ofB, sessionId: b6.sessionId },
    ],
    'another program',
  );
  await call('DELETE', '/auth/me', { token: b6.access_token, body: { current_password: wrong.password } });
  await http([{ type: 'user_delete_refused', ...ofB, sessionId: b6.sessionId }], 'a wrong password again');
  await call('DELETE', '/auth/me', { token: b6.access_token, body: { current_password: password } });
  await http(
    [
      { type: 'session_ended', ...ofB, sessionId: b6.sessionId, reason: 'user_deleted' },
      { type: 'user_deleted', ...ofB },
    ],
    'delete',
  );

  const service = { name: 'billing', permissions };
  const { token } = await operations.createService(service, operator);
  secrets.push(token, authority.serviceToken);
  const detail = { permissions: [...permissions] };
  await recorded(false, [{ type: 'service_created', reason: 'billing', detail }], 'services create');

  const rotated = await operations.rotateServiceToken({ name: 'billing' }, operator);
  secrets.push(rotated.token);
  const until = { old_token_until: new Date(rotated.oldUntil).toISOString() };
  const rotation = { type: 'service_token_rotated', actor: 'operator', reason: 'billing', detail: until };
  await recorded(false, [rotation], 'services rotate');

  // By other services, over gRPC: they are named.
  const address = `127.0.0.1:${authority.grpcPort}`;
  const [rpc, keys] = [createRpcClient(address, token), createKeyClient(address, token)];
  t.teardown(() => rpc.close());
  t.teardown(() => keys.close());
  await register('c@example.com');
  const c = [await aLogin('c@example.com'), await aLogin('c@example.com')];
  await settle();
  const by = { actor: 'service:billing' };
  await rpc.call('EndSession', { sessionId: c[0]?.sessionId as SessionId });
  const c0 = { userId: c[0]?.userId, sessionId: c[0]?.sessionId };
  await recorded(false, [{ type: 'session_ended', ...by, ...c0 }], 'EndSession');
  const active = (await operations.listKeys()).find(({ state }) => state === 'active')?.kid ?? '';
  await keys.revoke(active);
  await recorded(
    false,
    [
      { type: 'session_ended', ...by, sessionId: c[1]?.sessionId, reason: 'key_revoked' },
      { type: 'signing_key_activated', ...by },
      { type: 'signing_key_created', ...by },
      { type: 'signing_key_revoked', ...by, reason: active },
    ],
    'RevokeKey',
  );
  await operations.revokeService('billing', operator);
  await recorded(
    false,
    [{ type: 'service_revoked', actor: 'operator', reason: 'billing' }],
    'services revoke',
  );

  const listed = await operations.listAudit({ limit: 1_000 });
  t.ok(
    listed.some(({ email }) => email === 'c@example.com'),
    'who it is now is looked up',
  );
  const all = JSON.stringify(listed.map(({ email, ...recorded }) => recorded));
  for (const secret of secrets) t.notMatch(all, secret, 'no secret is in the log');
  t.equal(all.includes('example.com'), false, 'nor an e-mail address');
  t.match(await operations.verifyAudit(), { fault: undefined });
});
