/** Sign-in with another provider, from the start to the session: who gets in, and as whom. */
import t from 'tap';
import { password } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { startOidcProvider } from '../../support/oidcProvider.ts';
import { createVisitor } from '../../support/providerJourney.ts';
import { entryOf, newIssuer, startAt, startWithProvider } from '../../support/providerSignIn.ts';
import { enrolled, secondStepAt } from '../../support/secondFactor.ts';

const ada = 'ada@example.com';

t.test('a new user, and the same user again', async (t) => {
  const { signIn, call, acme, operations, authority } = await startWithProvider(t);
  const first = await signIn();
  t.equal(first.status, 200, JSON.stringify(first.body));
  const claims = claimsOf(first.body.access_token);
  t.match(claims, { amr: ['fed'], acr: '1fa' });
  const user = () => authority.operations.showUser({ userId: claims.sub as never });
  t.match(await user(), { email: ada, emailVerified: true });

  acme.account = { ...acme.account, email: 'ada@elsewhere.example' };
  const second = await signIn();
  t.equal(claimsOf(second.body.access_token).sub, claims.sub, 'by issuer and subject');
  t.match(await user(), { email: ada }, 'a changed e-mail there changes nothing here');

  const { links } = (await call('GET', '/auth/providers/links', { token: second.body.access_token })).body;
  t.match(links, [{ provider: 'acme', label: 'ACME', last_used_at: /^20/ }]);
  const metrics = (await operations('GET', '/metrics')).body;
  t.match(metrics, 'countersign_provider_sign_ins_total{provider="acme",outcome="session"} 2');
  t.match(metrics, 'countersign_provider_sign_ins_total{provider="acme",outcome="registered"} 1');
});

for (const [what, account, options] of [
  ['nobody says that it is verified', { sub: 'eve', email: ada }, {}],
  ['it is verified as text', { sub: 'eve', email: ada, email_verified: 'true' }, {}],
  ['it is verified as a number', { sub: 'eve', email: ada, email_verified: 1 }, {}],
  ['it is not verified', { sub: 'eve', email: ada, email_verified: false }, {}],
  ['it is no address', { sub: 'eve', email: 'ada', email_verified: true }, {}],
  ['there is none', { sub: 'eve' }, {}],
  [
    'the provider is not trusted for it',
    { sub: 'eve', email: ada, email_verified: true },
    { entry: { trust_email: false }, played: { emailInIdToken: true } },
  ],
] as const) {
  t.test(`no account and no link for an e-mail where ${what}`, async (t) => {
    const { signIn, acme, register, call } = await startWithProvider(t, options);
    acme.account = account;
    const unknown = await signIn();
    t.match([unknown.status, unknown.body.code], [403, 'identity_not_linked']);
    await register(ada);
    const known = await signIn();
    t.strictSame(
      { ...known.body, request_id: '' },
      { ...unknown.body, request_id: '' },
      'and it does not tell whether the e-mail is registered',
    );
    const login = await call('POST', '/auth/login', { body: { email: ada, password } });
    t.equal(login.status, 200, 'the account is as it was');
  });
}

t.test('an e-mail in the ID token counts as one in userinfo does', async (t) => {
  const { signIn, acme } = await startWithProvider(t, { played: { emailInIdToken: true } });
  t.equal((await signIn()).status, 200);
  acme.account = { sub: 'eve', email: 'eve@example.com', email_verified: 'true' };
  t.equal((await signIn()).body.code, 'identity_not_linked');
});

t.test('an e-mail that a user has is not linked, whoever verified it', async (t) => {
  const { signIn, register, call, authority } = await startWithProvider(t);
  const { body } = await register(ada);
  const refused = await signIn();
  t.match([refused.status, refused.body.code], [403, 'identity_not_linked']);
  t.match(await authority.operations.listAudit({ limit: 1 }), [
    { type: 'login_failed', userId: body.user_id, reason: 'identity_not_linked' },
  ]);
  const login = await call('POST', '/auth/login', { body: { email: ada, password } });
  t.equal(login.status, 200);
});

t.test('the same subject of another issuer is somebody else', async (t) => {
  const at = await newIssuer();
  const one = await startOidcProvider(t, { redirectUris: [at.callbackOf('one')] });
  const two = await startOidcProvider(t, { redirectUris: [at.callbackOf('two')] });
  const { signIn } = await startAt(t, at, [entryOf('one', one), entryOf('two', two)]);
  const { sub } = claimsOf((await signIn('one')).body.access_token);
  t.match((await signIn('two')).body, { code: 'identity_not_linked' }, 'with the same e-mail');
  two.account = { sub: 'ada', email: 'other@example.com', email_verified: true };
  const other = await signIn('two');
  t.equal(other.status, 200);
  t.not(claimsOf(other.body.access_token).sub, sub);
});

t.test('where registration is closed, only linked identities sign in', async (t) => {
  const { signIn, link, authority, login } = await startWithProvider(t, { env: { REGISTRATION: 'closed' } });
  t.match((await signIn()).body, { status: 403, code: 'registration_closed' });
  await authority.operations.register({ email: 'boss@example.com', password }, { name: 'operator' });
  const { access_token: token } = await login('boss@example.com');
  t.equal((await link(token)).status, 201);
  const signedIn = await signIn();
  t.equal(claimsOf(signedIn.body.access_token).sub, claimsOf(token).sub);
});

t.test('a second factor is asked for, and counts beside it', async (t) => {
  const node = await startWithProvider(t);
  const { signIn, link, call } = node;
  const { recoveryCodes } = await enrolled(node, 'boss@example.com', Date.now);
  const { begin, finish } = secondStepAt(node);
  const strong = await finish(await begin('boss@example.com'), { recovery_code: recoveryCodes[0] });
  t.equal((await link(strong.body.access_token)).status, 201);
  const asked = await signIn();
  t.match(asked.body, { status: 403, code: 'second_factor_required', factors: ['totp', 'recovery_code'] });
  const body = { login_token: asked.body.login_token, recovery_code: recoveryCodes[1] };
  const finished = await call('POST', '/auth/login/factor', { body });
  t.match(claimsOf(finished.body.access_token), { amr: ['fed', 'otp', 'mfa'], acr: '2fa' });

  const waiting = await signIn();
  const { links } = (await call('GET', '/auth/providers/links', { token: finished.body.access_token })).body;
  const path = `/auth/providers/links/${links[0].id}`;
  t.equal((await call('DELETE', path, { token: finished.body.access_token })).status, 204);
  const late = { login_token: waiting.body.login_token, recovery_code: recoveryCodes[2] };
  t.equal(
    (await call('POST', '/auth/login/factor', { body: late })).status,
    401,
    'a login that waits since before the unlinking opens nothing',
  );
});

t.test('a disabled user does not get in', async (t) => {
  const { signIn, authority } = await startWithProvider(t);
  const { sub } = claimsOf((await signIn()).body.access_token);
  await authority.operations.disableUser({ userId: sub as never }, { name: 'operator' });
  t.match((await signIn()).body, { status: 401, code: 'invalid_credentials' });
  t.match(await authority.operations.listAudit({ limit: 1 }), [
    { type: 'login_failed', userId: sub, reason: 'user_disabled' },
  ]);
});

t.test('two tabs at once', async (t) => {
  const { arrive, complete } = await startWithProvider(t);
  const visitor = createVisitor();
  const [one, two] = [await arrive(visitor), await arrive(visitor)];
  const handles = [one, two].map(({ url }) => url.searchParams.get('handle') ?? '');
  const answers = await Promise.all(handles.map((handle) => complete(visitor, handle)));
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200],
  );
  const [first, second] = answers.map(({ body }) => claimsOf(body.access_token).sub);
  t.equal(first, second, 'one user');
});

t.test('the attempts of a browser stay small', async (t) => {
  const { issuer } = await startWithProvider(t);
  const visitor = createVisitor();
  const start = () => visitor.fetch(`${issuer}/auth/providers/acme/start?return_to=/${'x'.repeat(2_599)}`);
  for (let count = 0; count < 9; count += 1) {
    t.equal((await start()).status, 303);
    const cookies = [...visitor.cookies(issuer)].map((pair) => pair.join('='));
    t.ok(cookies.join('; ').length <= 8_100, `${cookies.length} cookies`);
    for (const cookie of cookies) t.ok(cookie.length <= 4_096, 'browsers keep no larger one');
  }
});

t.test('what is deleted with the account', async (t) => {
  const { signIn, authority, call } = await startWithProvider(t);
  const { sub } = claimsOf((await signIn()).body.access_token);
  await authority.operations.deleteUser({ userId: sub as never }, { name: 'operator' });
  const again = await signIn();
  t.equal(again.status, 200, 'a new user');
  t.not(claimsOf(again.body.access_token).sub, sub);
  const list = (await call('GET', '/auth/providers/links', { token: again.body.access_token })).body;
  t.equal(list.links.length, 1);
});
