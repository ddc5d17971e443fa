/** Ending one's other sessions, and deleting one's account, over HTTP. */
import t from 'tap';
import { password, startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';

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
