/** Authorization requests and codes: what is refused, how the client is told, and what a second use does. */
import t, { type Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../../src/storage/postgres/engine.ts';
import { answerIn, aVerifier, createVisits, type Parameters } from '../../support/authorizing.ts';
import { ownPage, withCookie } from '../../support/browserPage.ts';
import { claimsOf } from '../../support/clients.ts';
import { basic, operator, startIssuer } from '../../support/oauthClients.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const alice = 'alice@example.com';
const callback = 'https://shop.example/callback';
const { verifier, challenge } = aVerifier();

async function open(t: Test) {
  const clock = createShiftedClock();
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const opened = await startIssuer(t, { clock, openDatabase });
  const { issuer, call, client, register, operations, form } = opened;
  await register(alice);
  await operations.setResource(
    { audience: 'orders.example', scopes: ['read', 'write'], everyone: ['read'], accessTtlMs: undefined },
    operator,
  );
  await operations.setRole({ name: 'writer', audience: 'orders.example', scopes: ['write'] }, operator);
  const shop = await client('shop', {
    ...{ kind: 'app', scopes: ['read', 'write'] },
    redirectUris: [callback, 'http://127.0.0.1/native', 'com.example.shop:/back'],
  });
  const other = await client('other', { kind: 'app', redirectUris: [callback] });
  const usual: Parameters = {
    ...{ client_id: shop.id, redirect_uri: callback, response_type: 'code', state: 's t&a=te' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', scope: 'openid read' },
    resource: 'orders.example',
  };
  const visits = createVisits(issuer, call);
  const as = basic(shop.id, shop.secret);
  const redeem = (code: string | undefined, given: Readonly<Record<string, string>> = {}, by = as) =>
    form(
      '/oauth2/token',
      {
        ...{ grant_type: 'authorization_code', code: code ?? '', redirect_uri: callback },
        ...{ code_verifier: verifier, ...given },
      },
      by,
    );
  /** Of the codes that are stored, how long they stay. */
  const lives = async () => {
    const rows = await engine?.prisma.oneTimeToken.findMany({ where: { purpose: 'authorization_code' } });
    return rows?.map(({ createdAt, expiresAt }) => expiresAt.getTime() - createdAt.getTime()) ?? [];
  };
  return { ...opened, ...visits, clock, shop, other, usual, redeem, lives };
}

t.test('what is shown and never redirected', async (t) => {
  const { authorize, usual } = await open(t);
  const rows: readonly (readonly [what: string, Parameters])[] = [
    ['no client', { client_id: undefined }],
    ['an unknown client', { client_id: '01a22ac5-71e7-7141-ae6a-48e05753b7d7' }],
    ['a client by its name', { client_id: 'shop' }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['of another host', { redirect_uri: 'https://evil.example/callback' }],
    ['a part of it', { redirect_uri: 'https://shop.example/' }],
    ['more than it', { redirect_uri: `${callback}/more` }],
    ['with a query', { redirect_uri: `${callback}?a=b` }],
    ['with a fragment', { redirect_uri: `${callback}#` }],
    ['with a user', { redirect_uri: 'https://a@shop.example/callback' }],
    ['through its parent', { redirect_uri: 'https://shop.example/x/../callback' }],
    ['encoded through its parent', { redirect_uri: 'https://shop.example/x/%2e%2e/callback' }],
    ['with another port', { redirect_uri: 'https://shop.example:8443/callback' }],
    ['in other case', { redirect_uri: 'https://SHOP.example/callback' }],
    ['in plain text', { redirect_uri: 'http://shop.example/callback' }],
    ['loopback by another name', { redirect_uri: 'http://localhost:4711/native' }],
    ['loopback, another path', { redirect_uri: 'http://127.0.0.1:4711/other' }],
    ['a script', { redirect_uri: 'javascript:alert(1)' }],
    ['a request URI that was not pushed', { request_uri: 'urn:ietf:params:oauth:request_uri:ot_x' }],
  ];
  for (const [what, change] of rows) {
    const seen = await authorize({ ...usual, ...change });
    t.match({ status: seen.status, to: seen.to }, { status: 400, to: undefined }, what);
    t.match(seen.body, /role="alert"/, what);
    t.match(seen.headers.get('content-security-policy') ?? '', "frame-ancestors 'none'", what);
  }
  const twice = new URLSearchParams({ client_id: 'a' });
  twice.append('client_id', 'b');
  t.equal((await authorize(twice.toString())).status, 400, 'a parameter twice');
});

t.test('what the client is told', async (t) => {
  const { issuer, authorize, usual, signIn, client } = await open(t);
  const cookie = await signIn(alice);
  const rows: readonly (readonly [what: string, Parameters, error: string])[] = [
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without its method', { code_challenge_method: undefined }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'x' }, 'invalid_request'],
    ['implicit', { response_type: 'token' }, 'unsupported_response_type'],
    ['hybrid', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['a fragment as response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['a scope that it may not ask for', { scope: 'openid admin' }, 'invalid_scope'],
    ['the account', { scope: 'account' }, 'invalid_scope'],
    ['a scope of two blanks', { scope: 'openid  read' }, 'invalid_scope'],
    ['an unknown resource', { resource: 'nobody.example' }, 'invalid_target'],
    ['an unknown prompt', { prompt: 'create' }, 'invalid_request'],
    ['prompt none and more', { prompt: 'none login' }, 'invalid_request'],
    ['a negative age', { max_age: '-1' }, 'invalid_request'],
    ['a long state', { state: 'x'.repeat(4_001) }, 'invalid_request'],
    ['a second factor that the user lacks', { acr_values: '2fa', prompt: 'none' }, 'login_required'],
    ['an ID token that is none', { id_token_hint: 'x.y.z' }, 'invalid_request'],
    ['a fresh proof without asking', { max_age: '0', prompt: 'none' }, 'login_required'],
  ];
  for (const [what, change, error] of rows) {
    const seen = await authorize({ ...usual, ...change }, cookie);
    const state = change['state'] ?? usual['state'];
    t.match(answerIn(seen), { error, state, iss: issuer }, what);
    t.match(seen.to, `${callback}?`, what);
  }
  const third = await client('third', { kind: 'third_party', redirectUris: [callback] });
  const unasked = await authorize({ ...usual, client_id: third.id, scope: undefined }, cookie);
  t.match(
    unasked,
    { to: undefined, body: /\/oauth2\/authorize\/consent/ },
    'consent is asked without a scope, too',
  );
  const nobody = await authorize({ ...usual, prompt: 'none' });
  t.match(answerIn(nobody), { error: 'login_required' }, 'nobody is signed in');
  const native = await authorize({ ...usual, redirect_uri: 'http://127.0.0.1:4711/native' }, cookie);
  t.match(native.to, 'http://127.0.0.1:4711/native?code=', 'a native application takes a free port');
  const scheme = await authorize({ ...usual, redirect_uri: 'com.example.shop:/back' }, cookie);
  t.match(scheme.to, 'com.example.shop:/back?code=');
});

t.test('an ID token says which user the client means', async (t) => {
  const { authorize, usual, signIn, register, redeem, client, shop, visit, form } = await open(t);
  await register('bob@example.com');
  const [ofAlice, ofBob] = [await signIn(alice), await signIn('bob@example.com')];
  const code = answerIn(await authorize(usual, ofAlice))['code'];
  const { id_token: hint } = (await redeem(code)).body;
  const asked = { ...usual, id_token_hint: hint };
  t.ok(answerIn(await authorize({ ...asked, prompt: 'none' }, ofAlice))['code']);
  t.match(answerIn(await authorize({ ...asked, prompt: 'none' }, ofBob)), { error: 'login_required' });
  const page = await authorize(asked, ofBob);
  t.match(page, { to: undefined, body: /type="password"/ }, 'another user is asked to sign in');

  const { to: resume = '' } = await visit(
    `/oauth2/authorize?${new URLSearchParams(asked as Record<string, string>)}`,
  );
  t.match(answerIn(await visit(resume, await signIn('bob@example.com'))), { error: 'login_required' });
  t.ok(answerIn(await visit(resume, await signIn(alice)))['code']);

  const { id } = await client('third', { kind: 'app', redirectUris: [callback] });
  const foreign = await authorize({ ...asked, client_id: id, scope: 'openid' }, ofAlice);
  t.match(answerIn(foreign), { error: 'invalid_request' }, 'that another client was given');
  const pushed = await form(
    '/oauth2/par',
    { ...(usual as object), id_token_hint: 'x' },
    basic(shop.id, shop.secret),
  );
  t.match(pushed, { status: 400, body: { error: 'invalid_request' } });
});

t.test('a code is stored for its minute, and for a day once it was used', async (t) => {
  const { authorize, usual, signIn, redeem, clock, lives, grpc } = await open(t);
  const cookie = await signIn(alice);
  const aCode = async () => answerIn(await authorize(usual, cookie))['code'];
  const code = await aCode();
  t.strictSame(await lives(), [70_000], 'the minute, and what clocks may differ by');
  clock.shift(30_000);
  const { body } = await redeem(code);
  const [used = 0] = await lives();
  const day = 24 * 60 * 60_000;
  t.ok(used >= day + 30_000 && used < day + 60_000, `${used}`);
  clock.shift(10 * 60_000);
  t.match(await redeem(code), { body: { error: 'invalid_grant' } });
  t.match(await grpc.isRevoked(claimsOf(body.access_token).jti), { revoked: true }, 'a late second use');
});

t.test('codes', async (t) => {
  const { authorize, usual, signIn, redeem, other, clock, grpc, call, operations, form } = await open(t);
  let cookie = await signIn(alice);
  const aCode = async (change: Parameters = {}) =>
    answerIn(await authorize({ ...usual, ...change }, cookie))['code'];

  const rows = [
    ['an invented code', async () => redeem(`ot_${'a'.repeat(43)}`)],
    ['a malformed code', async () => redeem('x')],
    ['another verifier', async () => redeem(await aCode(), { code_verifier: aVerifier().verifier })],
    ['the challenge as verifier', async () => redeem(await aCode(), { code_verifier: challenge })],
    ['another redirect URI', async () => redeem(await aCode(), { redirect_uri: 'com.example.shop:/back' })],
    ['another client', async () => redeem(await aCode(), {}, basic(other.id, other.secret))],
  ] as const;
  for (const [what, present] of rows)
    t.match(await present(), { status: 400, body: { error: 'invalid_grant' } }, what);
  t.match(await redeem(await aCode(), { resource: 'countersign' }), { body: { error: 'invalid_target' } });
  t.match(await redeem(await aCode(), { code_verifier: '' }), { body: { error: 'invalid_request' } });
  const late = await aCode();
  clock.shift(60_000);
  t.match(await redeem(late), { status: 400, body: { error: 'invalid_grant' } }, 'after a minute');

  const code = await aCode();
  const first = await redeem(code);
  t.match(first, { status: 200, body: { token_type: 'Bearer', scope: 'openid read' } });
  const { access_token: token, refresh_token: refresh } = first.body;
  const claims = claimsOf(token);
  t.match(claims, { aud: 'orders.example', client_id: usual['client_id'] });
  t.match(await call('GET', '/auth/me', { token }), { status: 401 }, 'not for the account');
  t.match(await redeem(code), { status: 400, body: { error: 'invalid_grant' } }, 'a second use');
  t.match(await grpc.isRevoked(claims.jti), { revoked: true }, 'ends what came of the first');
  const again = { grant_type: 'refresh_token', refresh_token: refresh };
  const as = basic(
    String(usual['client_id']),
    (await operations.rotateServiceToken({ name: 'shop' }, operator)).token,
  );
  t.match(await form('/oauth2/token', again, as), { body: { error: 'invalid_grant' } });

  const raced = await aCode();
  const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(raced)));
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of ten at once, one');
  t.comment(
    answers
      .map(({ status, body }) => `${status} ${body.error ?? ''} ${body.error_description ?? ''}`)
      .join(', '),
  );
  const [won] = answers.filter(({ status }) => status === 200);
  t.match(await grpc.isRevoked(claimsOf(won?.body.access_token).jti), { revoked: true }, 'and it has ended');

  t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200, 400]), 'the others are refused');

  const inFlight = await aCode();
  await operations.disableUser({ email: alice }, operator);
  t.match(await redeem(inFlight), { body: { error: 'invalid_grant' } }, 'the user was disabled meanwhile');
  await operations.enableUser({ email: alice }, operator);
  cookie = await signIn(alice);
  const before = await aCode();
  await call('POST', '/auth/logout', {
    headers: {
      'countersign-csrf': '1',
      'sec-fetch-site': 'same-origin',
      cookie: `__Host-countersign-refresh=${cookie}`,
    },
  });
  t.match(await redeem(before), { body: { error: 'invalid_grant' } }, 'logged out meanwhile');
});

t.test('a right that is taken away while a code is in flight', async (t) => {
  const { authorize, usual, signIn, redeem, operations } = await open(t);
  await operations.grantRole({ role: 'writer', user: { email: alice } }, operator);
  const cookie = await signIn(alice);
  const asked = { ...usual, scope: 'read write' };
  const code = async () => answerIn(await authorize(asked, cookie))['code'];
  t.match((await redeem(await code())).body, { scope: 'read write' });
  const late = await code();
  await operations.takeRole({ role: 'writer', user: { email: alice } }, operator);
  t.match((await redeem(late)).body, { scope: 'read' }, 'the smaller right wins');
});

t.test('a logout while a code is redeemed', async (t) => {
  const { authorize, usual, signIn, redeem, grpc, call } = await open(t);
  for (let round = 0; round < 8; round += 1) {
    const cookie = await signIn(alice);
    const code = answerIn(await authorize(usual, cookie))['code'];
    const [answer, { status }] = await Promise.all([
      redeem(code),
      call('POST', '/auth/logout', { headers: { ...ownPage, ...withCookie(cookie) } }),
    ]);
    t.equal(status, 204);
    const { access_token: token } = answer.body as { access_token?: string };
    // Before the logout, and so ended by it; or not at all.
    if (token === undefined) t.match(answer.body, { error: 'invalid_grant' });
    else t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true });
  }
});

t.test('sessions of applications end with the one they were started from', async (t) => {
  const { authorize, usual, signIn, redeem, grpc, call } = await open(t);
  const cookie = await signIn(alice);
  const start = async (scope: string) =>
    (await redeem(answerIn(await authorize({ ...usual, scope }, cookie))['code'])).body.access_token;
  const tokens = [await start('openid'), await start('read')];
  const offline = await start('openid offline_access');
  const headers = {
    'countersign-csrf': '1',
    'sec-fetch-site': 'same-origin',
    cookie: `__Host-countersign-refresh=${cookie}`,
  };
  t.equal((await call('POST', '/auth/logout', { headers })).status, 204);
  for (const token of tokens) t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true });
  t.match(await grpc.isRevoked(claimsOf(offline).jti), { revoked: false }, 'but for offline access');
});

t.test('an application in a browser, at an origin of its own', async (t) => {
  const { issuer, usual, client, authorize, signIn, form } = await open(t);
  const spa = await client('spa', { kind: 'app', isPublic: true, redirectUris: [callback] });
  const code = answerIn(
    await authorize({ ...usual, client_id: spa.id, scope: 'openid' }, await signIn(alice)),
  )['code'];
  const origin = 'https://spa.example';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'dpop',
  };
  for (const path of ['/oauth2/token', '/oauth2/userinfo']) {
    const { status, headers } = await fetch(issuer + path, { method: 'OPTIONS', headers: preflight });
    t.match([status, headers.get('access-control-allow-origin')], [204, '*'], path);
    t.match(headers.get('access-control-allow-headers'), 'dpop');
    t.equal(headers.get('access-control-allow-credentials'), null, 'without cookies');
  }
  const asked = {
    grant_type: 'authorization_code',
    code: code ?? '',
    redirect_uri: callback,
    client_id: spa.id,
  };
  t.match(await form('/oauth2/token', asked, { origin }), { status: 400 }, 'not without the verifier');
  const answer = await form('/oauth2/token', { ...asked, code_verifier: verifier }, { origin });
  t.match(answer, { status: 200, body: { scope: 'openid' } });
  t.equal(answer.headers.get('access-control-allow-origin'), '*');
  for (const path of ['/oauth2/introspect', '/sign-in', '/oauth2/authorize']) {
    const { headers } = await fetch(issuer + path, { method: 'OPTIONS', headers: preflight });
    t.equal(headers.get('access-control-allow-origin'), null, path);
  }
});

t.test('forms of our pages', async (t) => {
  const { issuer, authorize, usual, visit } = await open(t);
  const waiting = { return_to: '/x', login_token: 'x', factors: 'totp email_code' };
  const mistyped = await visit('/sign-in/factor', undefined, {
    ...waiting,
    started: 'email_code',
    code: '000000',
  });
  t.match(mistyped, { status: 401, body: /name="code"/ }, 'the field of a sent code stays');
  const failed = await visit('/sign-in/factor/start', undefined, {
    ...waiting,
    factors: '',
    factor: 'enrol',
  });
  t.match(failed, { status: 401, body: /value="enrol"/ }, 'and the way to add an app');
  const seen = await visit('/sign-in?return_to=/x');
  t.equal(seen.headers.get('referrer-policy'), 'same-origin');
  for (const to of [
    '//evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])
    t.equal((await visit(`/sign-in?${new URLSearchParams({ return_to: to })}`)).status, 400, to);
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    {},
  ]) {
    for (const path of ['/sign-in', '/oauth2/authorize/consent', '/oauth2/logout/confirm']) {
      const response = await fetch(issuer + path, {
        ...{ method: 'POST', body: new URLSearchParams({ a: 'b' }), redirect: 'manual' },
        headers: headers as Record<string, string>,
      });
      t.equal(response.status, 403, `${path} ${JSON.stringify(headers)}`);
    }
  }
  const page = await authorize({ ...usual, login_hint: '"><script>alert(1)</script>' });
  t.match(page.body, 'value="&quot;&gt;&lt;script&gt;', 'what was sent is shown as text');
  for (const request of ['x', 'AAAA', '']) {
    const resumed = await visit(`/oauth2/authorize/resume?${new URLSearchParams({ request })}`);
    t.match({ status: resumed.status, to: resumed.to }, { status: 400, to: undefined }, request);
  }
});
