/** Ending one's other sessions, and deleting one's account, over HTTP. */
import t from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { password, startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const email = 'alice@example.com';

t.test('ending all others', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register(email);
  await authority.register('bob@example.com');
  const bob = await authority.login('bob@example.com');
  const [one, mine, other] = [
    await authority.login(email),
    await authority.login(email),
    await authority.login(email),
  ];
  const answer = await authority.call('POST', '/auth/logout-others', { token: mine.access_token });
  t.equal(answer.status, 204);
  const revoked = async (token: string) => (await authority.grpc.isRevoked(claimsOf(token).jti)).revoked;
  for (const { access_token, refresh_token } of [one, other]) {
    t.equal(await revoked(access_token), true);
    t.equal((await authority.refresh(refresh_token)).status, 401);
  }
  t.equal(await revoked(mine.access_token), false);
  t.equal(await revoked(bob.access_token), false);
  const next = await authority.refresh(mine.refresh_token);
  t.equal(next.status, 200, 'mine goes on');
  t.equal(
    (await authority.call('POST', '/auth/logout-others', { token: next.body.access_token })).status,
    204,
    'with nothing to end as well',
  );
  t.equal((await authority.call('POST', '/auth/logout-others', { token: one.access_token })).status, 401);
  t.equal((await authority.call('POST', '/auth/logout-others')).status, 401);
  t.equal(
    (await authority.call('POST', '/auth/logout-others', { token: mine.access_token, body: { x: 1 } }))
      .status,
    400,
  );
});

t.test('a password change replaces the refresh token that is shown', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  await authority.register(email);
  const change = (token: string, to: string, from: string, refresh_token?: string) =>
    authority.call('POST', '/auth/password', {
      token,
      body: { current_password: from, new_password: to, ...(refresh_token && { refresh_token }) },
    });
  const another = 'another horse battery staple';
  const [mine, other] = [await authority.login(email), await authority.login(email)];
  const { access_token: token, session_id } = mine;
  const { body: next } = await authority.refresh(mine.refresh_token);
  t.match(await change(token, another, password, other.refresh_token), {
    status: 400,
    body: { errors: [{ field: 'refresh_token', rule: 'own' }] },
  });
  // Of whatever generation: it only says whose session it is.
  const changed = await change(token, another, password, mine.refresh_token);
  t.match({ status: changed.status, body: changed.body }, { status: 200, body: { refresh_token: /^rt_/ } });
  t.ok(changed.body.refresh_expires_in > 0);
  for (const [what, old] of [
    ['the current one', next.refresh_token],
    ['the one before', mine.refresh_token],
    ['that of the other session', other.refresh_token],
  ] as const)
    t.equal((await authority.refresh(old)).status, 401, what);
  const refreshed = await authority.refresh(changed.body.refresh_token);
  t.match(refreshed, { status: 200, body: { session_id } }, 'none of that was taken for theft');

  const without = await change(refreshed.body.access_token, password, another);
  t.equal(without.status, 204);
  t.equal((await authority.refresh(refreshed.body.refresh_token)).status, 200, 'what is not shown stays');

  const [last, both] = [await authority.login(email), await authority.login(email)];
  const [racing, won] = await Promise.all([
    authority.refresh(both.refresh_token),
    change(both.access_token, another, password, both.refresh_token),
  ]);
  t.equal(won.status, 200);
  t.equal((await authority.refresh(won.body.refresh_token)).status, 200, 'whatever was under way');
  if (racing.status === 200) t.equal((await authority.refresh(racing.body.refresh_token)).status, 401);
  t.equal((await authority.refresh(last.refresh_token)).status, 401);
});

t.test('deleting the account', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  await authority.register(email);
  const [one, other] = [await authority.login(email), await authority.login(email)];
  const token = one.access_token;
  const wrong = await call('DELETE', '/auth/me', {
    token,
    body: { current_password: 'something else entirely' },
  });
  t.match(wrong, { status: 401, body: { errors: [{ field: 'current_password', rule: 'correct' }] } });
  t.equal((await call('DELETE', '/auth/me', { token, body: {} })).status, 400);
  t.equal((await call('GET', '/auth/me', { token })).status, 200, 'nothing has happened yet');

  t.equal((await call('DELETE', '/auth/me', { token, body: { current_password: password } })).status, 204);
  for (const { access_token, refresh_token } of [one, other]) {
    t.match(await authority.grpc.isRevoked(claimsOf(access_token).jti), {
      revoked: true,
      reason: 'REASON_USER_DELETED',
    });
    t.equal((await authority.refresh(refresh_token)).status, 401);
  }
  t.equal(
    (await call('POST', '/auth/login', { body: { email, password } })).body.code,
    'invalid_credentials',
  );
  t.equal((await authority.register(email)).status, 201, 'the e-mail is free again');
  const { sub } = claimsOf((await authority.login(email)).access_token);
  t.not(sub, claimsOf(token).sub, 'for somebody else');
});

t.test('a user without a password deletes the account after a recent proof', async (t) => {
  const clock = createShiftedClock();
  let opened: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...which) => {
    opened = await openEngine(...which);
    return opened;
  };
  const authority = await startAuthority({ clock, openDatabase });
  t.teardown(() => authority.stop());
  await authority.register(email);
  const { access_token: token, refresh_token } = await authority.login(email);
  await opened?.prisma.user.updateMany({ where: { email }, data: { passwordHash: '' } });
  const remove = (by: string, body: object = {}) => authority.call('DELETE', '/auth/me', { token: by, body });
  t.equal((await remove(token, { current_password: '' })).status, 400);
  t.equal((await remove(token, { current_password: password })).status, 401, 'no password is right');
  clock.shift(11 * 60_000);
  const { body: later } = await authority.refresh(refresh_token);
  t.match(await remove(later.access_token), {
    status: 401,
    body: { code: 'insufficient_user_authentication' },
  });
  clock.shift(-11 * 60_000);
  t.equal((await remove(token)).status, 204);
  t.equal((await authority.call('GET', '/auth/me', { token })).status, 401);
});
