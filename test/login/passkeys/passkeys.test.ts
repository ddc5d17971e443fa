/** Passkeys over HTTP, with an authenticator in software: adding, naming, logging in, second factor, step-up and removal. */
import t, { type Test } from 'tap';
import { password } from '../../support/authority.ts';
import { cookieOf, ownPage } from '../../support/browserPage.ts';
import { aGuard, said } from '../../support/guards.ts';
import { brief } from '../../support/loginTries.ts';
import { issuer, passkeysAt } from '../../support/passkeyUser.ts';
import { claimsIn, secondStepAt } from '../../support/secondFactor.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';
import { cborBytes, cborMap, cborText } from '../../support/softAuthenticator.ts';

const alice = 'alice@example.com';
const minute = 60_000;

async function setUp(t: Test, env: Readonly<Record<string, string>> = {}, counts = true) {
  const authority = await sharedAuthority({ ISSUER: issuer, ...env });
  const { call, clock, engine } = authority;
  const earlier = await engine.prisma.auditEvent.count();
  return {
    ...{ ...authority, ...secondStepAt(authority), ...passkeysAt(authority, { counts }) },
    listed: async (token: string) => (await call('GET', '/auth/factors', { token })).body,
    rows: async () => ({
      passkeys: await engine.prisma.passkey.count(),
      tokens: await engine.prisma.oneTimeToken.count(),
    }),
    /** As an operator or another way of registration may leave it one day. */
    forgetPassword: async () => {
      await engine.prisma.user.update({ where: { email: alice }, data: { passwordHash: '' } });
    },
    async audited(type: string) {
      const events = await engine.prisma.auditEvent.findMany({ orderBy: { id: 'asc' }, skip: earlier });
      return events.filter((event) => event.type === type).map(({ reason, detail }) => ({ reason, detail }));
    },
    async guard() {
      const { grpcPort, serviceToken } = authority;
      const options = { serviceToken, audience: 'countersign', issuer };
      const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options, { clock });
      await guard.ready();
      return guard;
    },
  };
}

t.test('a passkey is added, listed and renamed', async (t) => {
  const { register, login, call, device, creationOptions, listed, audited } = await setUp(t);
  await register(alice);
  const { access_token: token } = await login(alice);
  const options = await creationOptions(token);
  const { sub } = claimsIn(token);
  const handle = Buffer.from(sub.replaceAll('-', ''), 'hex').toString('base64url');
  t.match(options, {
    rp: { id: 'localhost', name: 'localhost' },
    user: { id: handle, name: alice },
    attestation: 'none',
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    excludeCredentials: { length: 0 },
    pubKeyCredParams: [{ alg: -8 }, { alg: -7 }, { alg: -257 }],
    timeout: 5 * minute,
  });
  const { passkey, answer: credential } = device.create(options);
  const added = await call('POST', '/auth/factors/passkeys', {
    token,
    body: { name: 'Blue key', credential },
  });
  t.equal(added.status, 201);
  t.equal(added.headers.get('cache-control'), 'no-store');
  const { id, recovery_codes: codes } = added.body;
  t.equal(codes.length, 10, 'from now on the password alone does not log in');
  t.match(await listed(token), {
    factors: [
      {
        ...{ id, kind: 'passkey', name: 'Blue key', last_used_at: null },
        passkey: {
          device_type: 'singleDevice',
          backed_up: false,
          transports: ['internal'],
          rp_id: 'localhost',
        },
      },
    ],
    passkeys: { rp_id: 'localhost', user_id: handle, all_accepted_credential_ids: [passkey.id] },
  });
  t.equal(
    brief(await call('POST', '/auth/login', { body: { email: alice, password } })),
    '403 second_factor_required',
  );
  t.match(await audited('factor_added'), [{ reason: 'passkey', detail: { factor: id } }]);

  // The password alone is no longer enough for a change.
  const rename = (name: string, by: string, which = id) =>
    call('PATCH', `/auth/factors/passkeys/${which}`, { token: by, body: { name } });
  t.equal(brief(await rename('Red key', token)), '401 insufficient_user_authentication');
  const { passkeyLogin } = passkeysAt({ register, login, call });
  const strong = (await passkeyLogin(passkey)).body.access_token;
  t.equal(brief(await rename('Red key', strong)), '204');
  const [first] = (await listed(strong)).factors;
  t.equal(first.name, 'Red key');
  t.match(first.last_used_at, /^20/);
  t.match(await audited('factor_renamed'), [{ reason: 'passkey', detail: { factor: id } }]);
  t.equal(brief(await rename('x', strong, '01890a5d-ac96-774b-bcce-b302099a8057')), '404 not_found');
  for (const bad of ['', 'x'.repeat(101), 'a\u0000b', 'a\u202eb'])
    t.equal(brief(await rename(bad, strong)), '400 invalid_request', JSON.stringify(bad));
});

t.test('a passkey alone logs in, with two factors', async (t) => {
  const { withPasskey, passkeyLogin, startLogin, call } = await setUp(t);
  const { passkey, id } = await withPasskey(alice);
  const { login_token: loginToken, options, expires_in: seconds } = await startLogin();
  t.match(loginToken, /^ot_/);
  t.equal(seconds, 300);
  t.match(options, { rpId: 'localhost', userVerification: 'required', timeout: 5 * minute });
  t.equal(options.allowCredentials, undefined, 'the same for everybody');

  const answer = await passkeyLogin(passkey, {}, { device_name: 'Laptop', device_id: 'd1' });
  t.equal(answer.status, 200);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  const { access_token: token, session_id: sessionId } = answer.body;
  const { sub, amr, acr } = claimsIn(token);
  t.strictSame({ amr, acr }, { amr: ['hwk', 'user', 'mfa'], acr: '2fa' });
  const { sessions } = (await call('GET', '/auth/sessions', { token })).body;
  t.match(sessions[0], { id: sessionId, device_name: 'Laptop', current: true });
  const refreshed = await call('POST', '/auth/refresh', {
    body: { refresh_token: answer.body.refresh_token, device_id: 'd1' },
  });
  t.match(claimsIn(refreshed.body.access_token), { sub, amr, acr: '2fa' }, 'a refresh keeps what was proved');
  t.equal((await passkeyLogin(passkey, { backedUp: true })).status, 200, 'its state may change');
  const { factors } = (await call('GET', '/auth/factors', { token })).body;
  t.match(factors, [{ id, passkey: { backed_up: true } }]);
});

t.test('a synchronised passkey does not count, and is in software', async (t) => {
  const { device, register, login, call, creationOptions, passkeyLogin } = await setUp(t, {}, false);
  await register(alice);
  const { access_token: token } = await login(alice);
  const { passkey, answer: credential } = device.create(await creationOptions(token), { backedUp: true });
  t.equal(
    (await call('POST', '/auth/factors/passkeys', { token, body: { name: 'Phone', credential } })).status,
    201,
  );
  const [one, two] = [
    await passkeyLogin(passkey, { backedUp: true }),
    await passkeyLogin(passkey, { backedUp: true }),
  ];
  t.strictSame([one.status, two.status], [200, 200], 'counter 0, twice');
  t.strictSame(claimsIn(one.body.access_token).amr, ['swk', 'user', 'mfa']);
  const { factors } = (await call('GET', '/auth/factors', { token })).body;
  t.match(factors, [{ passkey: { device_type: 'multiDevice', backed_up: true } }]);
});

t.test('cookie mode, as in every login', async (t) => {
  const { withPasskey, device, startLogin, call } = await setUp(t);
  const { passkey } = await withPasskey(alice);
  const { login_token: loginToken, options } = await startLogin();
  const body = { login_token: loginToken, credential: device.get(passkey, options) };
  const blind = await call('POST', '/auth/login/passkey?cookie', {
    body,
    headers: { 'sec-fetch-site': 'same-origin' },
  });
  t.equal(brief(blind), '403 csrf_refused', 'and the login token is not used up');
  const answer = await call('POST', '/auth/login/passkey?cookie', { body, headers: ownPage });
  t.equal(answer.status, 200);
  t.equal(answer.body.refresh_token, undefined);
  t.match(cookieOf(answer), /^rt_/);
});

t.test('after a password, a passkey is the second factor', async (t) => {
  const { withPasskey, device, startFactor, begin, finish, call, audited } = await setUp(t);
  const { passkey } = await withPasskey(alice);
  const asked = await call('POST', '/auth/login', { body: { email: alice, password } });
  t.strictSame(asked.body.factors, ['passkey', 'recovery_code']);
  const loginToken = await begin(alice);
  const options = await startFactor(loginToken);
  t.match(options, {
    rpId: 'localhost',
    userVerification: 'required',
    allowCredentials: [{ id: passkey.id }],
  });
  const answer = await finish(loginToken, {
    credential: device.get(passkey, options, { userHandle: undefined }),
  });
  t.equal(answer.status, 200);
  t.match(claimsIn(answer.body.access_token), { acr: '2fa', amr: ['pwd', 'hwk', 'user', 'mfa'] });
  t.match((await audited('login_succeeded')).at(-1), { reason: 'passkey' });
  const again = await begin(alice);
  const unstarted = await finish(again, { credential: device.get(passkey, options) });
  t.equal(brief(unstarted), '401 invalid_code', 'not started');
});

t.test('a step-up with a passkey keeps the session', async (t) => {
  const { withPasskey, device, startStepUp, call, clock } = await setUp(t);
  const { passkey, firstToken: token } = await withPasskey(alice);
  clock.shift(11 * minute);
  const stepUp = (credential: object) => call('POST', '/auth/step-up', { token, body: { credential } });
  const options = await startStepUp(token);
  const credential = device.get(passkey, options);
  const answers = await Promise.all([stepUp(credential), stepUp(credential)]);
  t.strictSame(answers.map(brief).sort(), ['200', '401 invalid_code'], 'twice at once');
  const answer = answers.find(({ status }) => status === 200);
  const [before, after] = [claimsIn(token), claimsIn(answer?.body.access_token)];
  t.equal(after.sid, before.sid);
  t.ok(after.auth_time > before.auth_time);
  t.match(after, { acr: '2fa', amr: ['pwd', 'hwk', 'user', 'mfa'] });
  t.equal(brief(await stepUp(credential)), '401 invalid_code', 'once more');
});

t.test(
  'removing a passkey ends its sessions: guards refuse in the first request after the answer',
  async (t) => {
    const { withPasskey, passkeyLogin, add, call, guard: openGuard, listed, audited } = await setUp(t);
    const { passkey, id, firstToken } = await withPasskey(alice);
    const opened: string = (await passkeyLogin(passkey)).body.access_token;
    const { passkey: second, added } = await add(opened, 'Red key');
    t.strictSame(added.body.recovery_codes, [], 'there is a set');
    const other: string = (await passkeyLogin(second)).body.access_token;
    const guard = await openGuard();
    for (const token of [opened, other, firstToken]) t.equal(await said(guard, token), 'accepted');

    t.equal((await call('DELETE', `/auth/factors/${id}`, { token: other })).status, 204);
    t.equal(await said(guard, opened), '401 invalid_token revoked');
    t.equal((await call('GET', '/auth/me', { token: opened })).status, 401);
    for (const token of [other, firstToken])
      t.equal(await said(guard, token), 'accepted', 'not opened by it');
    t.match(await audited('factor_removed'), [{ reason: 'passkey', detail: { factor: id } }]);
    t.match((await listed(other)).passkeys, { all_accepted_credential_ids: [second.id] }, 'for the page');
    t.equal(brief(await passkeyLogin(passkey)), '401 invalid_credentials');
    t.equal((await call('DELETE', `/auth/factors/${id}`, { token: other })).status, 404, 'again');
  },
);

t.test('a passkey that was proved in a step-up ends the session, too', async (t) => {
  const { withPasskey, device, startStepUp, call } = await setUp(t);
  const { passkey, id, firstToken: token } = await withPasskey(alice);
  const credential = device.get(passkey, await startStepUp(token));
  const { access_token: strong } = (await call('POST', '/auth/step-up', { token, body: { credential } }))
    .body;
  t.equal((await call('DELETE', `/auth/factors/${id}`, { token: strong })).status, 204);
  t.equal((await call('GET', '/auth/me', { token: strong })).status, 401);
});

t.test('the last way in stays', async (t) => {
  const { withPasskey, passkeyLogin, add, call, forgetPassword } = await setUp(t);
  const { passkey, id } = await withPasskey(alice);
  await forgetPassword();
  const { access_token: token } = (await passkeyLogin(passkey)).body;
  t.equal(brief(await call('DELETE', `/auth/factors/${id}`, { token })), '409 last_way_in');
  for (const current_password of ['wrong', password]) {
    const answer = await call('DELETE', '/auth/me', { token, body: { current_password } });
    t.match(answer, { body: { code: 'invalid_credentials' } }, 'there is no password to prove');
  }
  t.equal((await call('GET', '/auth/me', { token })).status, 200, 'and nothing ended');
  const { passkey: second, added } = await add(token, 'Red key');
  const { access_token: other } = (await passkeyLogin(second)).body;
  const remove = (which: string) => call('DELETE', `/auth/factors/${which}`, { token: other });
  const both = await Promise.all([remove(id), remove(added.body.id)]);
  t.strictSame(
    both.map(({ status }) => status).filter((status) => status === 204).length,
    1,
    'of two at once, one',
  );
});

t.test('a one-time password is no way in: the last passkey stays', async (t) => {
  const { withPasskey, passkeyLogin, call, authority } = await setUp(t);
  const { passkey, id } = await withPasskey(alice);
  await authority.operations.setOneTimePassword({ email: alice }, { name: 'operator' });
  const { access_token: token } = (await passkeyLogin(passkey)).body;
  t.equal(brief(await call('DELETE', `/auth/factors/${id}`, { token })), '409 last_way_in');
});

t.test('who may not add a passkey', async (t) => {
  const { register, login, add, creationOptions, call, clock, device, withPasskey } = await setUp(t);
  await register(alice);
  const { access_token: token } = await login(alice);
  const options = '/auth/factors/passkeys/options';
  t.equal(brief(await call('POST', options, { body: {} })), '401 token_required');
  clock.shift(601_000);
  t.equal(brief(await call('POST', options, { token, body: {} })), '401 insufficient_user_authentication');

  const fresh = (await login(alice)).access_token;
  const kept = await creationOptions(fresh);
  const add20 = [];
  for (let count = 0; count < 20; count += 1) add20.push(await creationOptions(fresh));
  const { passkey } = await withPasskey('bob@example.com');
  // All options are from before the first one: after it, the session would have to step up.
  const own = device.create(kept).answer;
  const post = (by: string, credential: object) =>
    call('POST', '/auth/factors/passkeys', { token: by, body: { name: 'x', credential } });
  const foreign = { ...own, id: passkey.id, rawId: passkey.id };
  t.equal(brief(await post(fresh, foreign)), '400 invalid_request', 'under the id of another passkey');
  t.equal((await add(fresh)).added.status, 201);
});

t.test('a user has twenty passkeys at most', async (t) => {
  const { withPasskey, passkeyLogin, add, call, clock } = await setUp(t);
  const { passkey } = await withPasskey(alice);
  const session = async () => (await passkeyLogin(passkey)).body.access_token;
  let token = await session();
  for (let count = 1; count < 20; count += 1) {
    if (count === 10) {
      const { added } = await add(token);
      t.match(added, { status: 429, body: { code: 'rate_limited' } }, 'ten an hour: each is told by mail');
      clock.shift(60 * minute);
      token = await session();
    }
    t.equal((await add(token)).added.status, 201);
  }
  const late = await call('POST', '/auth/factors/passkeys/options', { token, body: {} });
  t.match(late, { status: 400, body: { errors: [{ rule: 'count' }] } });
});

t.test('SECOND_FACTOR none: nobody adds one', async (t) => {
  const { register, login, call } = await setUp(t, { SECOND_FACTOR: 'none' });
  await register(alice);
  const { access_token: token } = await login(alice);
  t.equal(
    brief(await call('POST', '/auth/factors/passkeys/options', { token, body: {} })),
    '403 permission_denied',
  );
});

t.test('an issuer at an IP address has no passkeys, and says so', async (t) => {
  for (const ip of ['http://127.0.0.1:8080', 'http://[::1]:8080']) {
    const { register, login, call, listed } = await setUp(t, { ISSUER: ip });
    await register(alice);
    const { access_token: token } = await login(alice);
    for (const path of ['/auth/login/passkey/options', '/auth/factors/passkeys/options']) {
      const answer = await call('POST', path, { token, body: {} });
      t.match(answer, {
        status: 501,
        body: { code: 'unimplemented', detail: 'passkeys need a host name in ISSUER' },
      });
    }
    t.equal((await listed(token)).passkeys, null);
  }
});

t.test('an attestation is not read, whatever it says', async (t) => {
  const { register, login, call, device, creationOptions, passkeyLogin } = await setUp(t);
  await register(alice);
  const { access_token: token } = await login(alice);
  const chain = cborMap([[cborText('x5c'), cborBytes(Buffer.alloc(300, 7))]]);
  const bent = { statement: { format: 'packed', cbor: chain } };
  const { passkey, answer: credential } = device.create(await creationOptions(token), bent);
  t.equal(
    (await call('POST', '/auth/factors/passkeys', { token, body: { name: 'x', credential } })).status,
    201,
  );
  t.equal((await passkeyLogin(passkey)).status, 200);
});

t.test('a disabled or deleted user has no passkeys', async (t) => {
  const { withPasskey, passkeyLogin, startLogin, authority, rows, audited } = await setUp(t);
  const { passkey } = await withPasskey(alice);
  await authority.operations.disableUser({ email: alice }, { name: 'operator' });
  t.equal(brief(await passkeyLogin(passkey)), '401 invalid_credentials');
  t.match((await audited('login_failed')).at(-1), { reason: 'user_disabled' });
  await authority.operations.enableUser({ email: alice }, { name: 'operator' });
  t.equal((await passkeyLogin(passkey)).status, 200);
  await authority.operations.deleteUser({ email: alice }, { name: 'operator' });
  t.equal((await rows()).passkeys, 0);
  t.equal(brief(await passkeyLogin(passkey)), '401 invalid_credentials');
  await startLogin();
});
