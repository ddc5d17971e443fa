/** The main job, end to end: log in, check, log out, and the same check says "revoked". */
import { createLocalJWKSet, jwtVerify } from 'jose';
import t from 'tap';
import { startAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { sharedAuthority } from '../support/sharedAuthority.ts';

t.test('from registration to revocation', async (t) => {
  const authority = await sharedAuthority({});
  const { call, grpc } = authority;

  const registered = await authority.register('Alice@Example.com');
  t.equal(registered.status, 201);
  t.match(registered.body, { user_id: /^[0-9a-f-]{36}$/ });

  const login = await call('POST', '/auth/login', {
    body: { email: 'alice@example.com', password: 'correct horse battery staple', device_name: 'Laptop' },
  });
  t.equal(login.status, 200);
  t.equal(login.headers.get('cache-control'), 'no-store');
  t.match(login.body, {
    token_type: 'Bearer',
    expires_in: 900,
    scope: 'account',
    refresh_expires_in: 30 * 86_400,
  });
  const { access_token: token, refresh_token: refreshToken, session_id: sessionId } = login.body;
  const { jti, sid } = claimsOf(token);
  t.equal(sid, sessionId);

  const me = await call('GET', '/auth/me', { token });
  t.equal(me.status, 200);
  t.match(me.body, { user_id: registered.body.user_id, session_id: sessionId, amr: ['pwd'] });
  t.match(await grpc.isRevoked(jti), { revoked: false, decidedBy: 'DECIDED_BY_BLOOM' });
  t.match(await grpc.introspect(token), {
    active: true,
    sub: registered.body.user_id,
    jti,
    sid,
    tokenType: 'Bearer',
  });

  const logout = await call('POST', '/auth/logout', { body: { refresh_token: refreshToken } });
  t.equal(logout.status, 204);
  t.match(await grpc.isRevoked(jti), { revoked: true, reason: 'REASON_LOGOUT' });
  t.strictSame(await grpc.introspect(token).then(({ active, sub, jti: id }) => ({ active, sub, id })), {
    active: false,
    sub: '',
    id: '',
  });
  const refused = await call('GET', '/auth/me', { token });
  t.equal(refused.status, 401);
  t.equal(refused.body.code, 'invalid_token');
  t.match(refused.headers.get('www-authenticate'), /^Bearer realm="countersign", error="invalid_token"/);
  const dead = await authority.refresh(refreshToken);
  t.equal(dead.status, 401);
  t.equal(dead.body.code, 'invalid_grant');
});

t.test('logout says the same again, by either token, and needs one', async (t) => {
  const authority = await sharedAuthority({});
  await authority.register('alice@example.com');
  const { access_token: token, refresh_token } = await authority.login('alice@example.com');
  for (const time of ['first', 'second']) {
    t.equal((await authority.call('POST', '/auth/logout', { token })).status, 204, `${time} by bearer`);
    t.equal(
      (await authority.call('POST', '/auth/logout', { body: { refresh_token } })).status,
      204,
      `${time} by body`,
    );
  }
  const none = await authority.call('POST', '/auth/logout');
  t.equal(none.status, 401);
  t.equal(none.body.code, 'token_required');
});

t.test('ending one session leaves the other; logout-all ends both', async (t) => {
  const authority = await sharedAuthority({});
  const { call, grpc } = authority;
  await authority.register('alice@example.com');
  const [one, other] = [
    await authority.login('alice@example.com'),
    await authority.login('alice@example.com'),
  ];

  t.equal(
    (await call('DELETE', `/auth/sessions/${one.session_id}`, { token: other.access_token })).status,
    204,
  );
  t.match(await grpc.isRevoked(claimsOf(one.access_token).jti), {
    revoked: true,
    reason: 'REASON_SESSION_ENDED',
  });
  t.equal((await call('GET', '/auth/me', { token: one.access_token })).status, 401);
  t.equal((await call('GET', '/auth/me', { token: other.access_token })).status, 200);

  const third = await authority.login('alice@example.com');
  t.equal((await call('POST', '/auth/logout-all', { token: other.access_token })).status, 204);
  for (const { access_token: token, refresh_token } of [other, third]) {
    t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true, reason: 'REASON_LOGOUT_ALL' });
    t.equal((await call('GET', '/auth/me', { token })).status, 401);
    t.equal((await authority.refresh(refresh_token)).status, 401);
  }
  const again = await authority.login('alice@example.com');
  t.equal((await call('GET', '/auth/me', { token: again.access_token })).status, 200, 'a new login works');
  t.equal(claimsOf(again.access_token)['ver'], 1, 'under the next token version');
});

t.test('a password change ends the other sessions and keeps this one', async (t) => {
  const authority = await sharedAuthority({});
  const { call } = authority;
  await authority.register('alice@example.com');
  const [mine, other] = [
    await authority.login('alice@example.com'),
    await authority.login('alice@example.com'),
  ];
  const token = mine.access_token;
  const change = (current_password: string, new_password: string) =>
    call('POST', '/auth/password', { token, body: { current_password, new_password } });

  const wrong = await change('not the current password', 'an entirely new pass phrase');
  t.match([wrong.status, wrong.body.code], [401, 'invalid_credentials']);
  const short = await change('correct horse battery staple', 'short');
  t.match(short.body, { code: 'password_refused', errors: [{ field: 'new_password', rule: 'too_short' }] });
  const same = await change('correct horse battery staple', 'correct horse battery staple');
  t.match(same.body, { code: 'invalid_request', errors: [{ field: 'new_password', rule: 'different' }] });

  t.equal((await change('correct horse battery staple', 'an entirely new pass phrase')).status, 204);
  t.equal((await call('GET', '/auth/me', { token })).status, 200, 'this access token goes on');
  t.equal((await authority.refresh(mine.refresh_token)).status, 200, 'and so does its refresh token');
  t.equal((await call('GET', '/auth/me', { token: other.access_token })).status, 401);
  t.equal((await authority.refresh(other.refresh_token)).status, 401);
  const old = await call('POST', '/auth/login', {
    body: { email: 'alice@example.com', password: 'correct horse battery staple' },
  });
  t.equal(old.status, 401);
  const fresh = await call('POST', '/auth/login', {
    body: { email: 'alice@example.com', password: 'an entirely new pass phrase' },
  });
  t.equal(fresh.status, 200);
});

t.test('the deny-list is there again after a restart, before the first check is answered', async (t) => {
  const before = await startAuthority();
  await before.register('alice@example.com');
  const [dead, live] = [await before.login('alice@example.com'), await before.login('alice@example.com')];
  await before.call('POST', '/auth/logout', { token: dead.access_token });
  before.grpc.close();
  await before.authority.close();

  const after = await startAuthority({ dataDir: before.dataDir });
  t.teardown(async () => {
    await after.stop();
    await before.stop();
  });
  t.match(await after.grpc.isRevoked(claimsOf(dead.access_token).jti), { revoked: true });
  t.match(await after.grpc.isRevoked(claimsOf(live.access_token).jti), { revoked: false });
  t.equal((await after.refresh(live.refresh_token)).status, 200);
  t.equal((await after.refresh(dead.refresh_token)).status, 401);
});

t.test('the published keys verify the tokens, and say for how long they may be kept', async (t) => {
  const authority = await sharedAuthority({});
  await authority.register('alice@example.com');
  const { access_token: token } = await authority.login('alice@example.com');

  const jwks = await authority.call('GET', '/.well-known/jwks.json');
  t.equal(jwks.headers.get('cache-control'), 'public, max-age=300, stale-while-revalidate=60');
  const etag = jwks.headers.get('etag') ?? '';
  t.equal(
    (await authority.call('GET', '/.well-known/jwks.json', { headers: { 'if-none-match': etag } })).status,
    304,
  );
  for (const key of jwks.body.keys) {
    t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'nothing private');
  }
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks.body), {
    issuer: 'http://127.0.0.1:8080',
    audience: 'countersign',
    algorithms: ['ES256'],
    typ: 'at+jwt',
  });
  t.equal(payload.jti, claimsOf(token).jti);

  const metadata = await authority.call('GET', '/.well-known/oauth-authorization-server');
  t.match(metadata.body, {
    issuer: 'http://127.0.0.1:8080',
    jwks_uri: 'http://127.0.0.1:8080/.well-known/jwks.json',
  });
  t.strictSame((await authority.call('GET', '/.well-known/openid-configuration')).body, metadata.body);
});

t.test('closed registration is for the operator only, and tells nobody who is registered (L2)', async (t) => {
  const authority = await startAuthority({ env: { REGISTRATION: 'closed' } });
  t.teardown(() => authority.stop());
  const refused = await authority.register('alice@example.com');
  t.match([refused.status, refused.body.code], [403, 'registration_closed']);
  await authority.authority.operations.register(
    { email: 'bob@example.com', password: 'a passphrase of his' },
    { name: 'operator' },
  );
  const taken = await authority.register('bob@example.com');
  t.strictSame([taken.status, taken.body], [403, { ...refused.body, request_id: taken.body.request_id }]);
});

t.test('an e-mail is registered once, however it is spelt', async (t) => {
  const authority = await sharedAuthority({});
  t.equal((await authority.register('alice@example.com')).status, 201);
  const again = await authority.register('ALICE@EXAMPLE.COM');
  t.match([again.status, again.body.code], [409, 'email_taken']);
});
