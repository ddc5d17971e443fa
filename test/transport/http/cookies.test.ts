/** Cookie mode: where the refresh token is, who may use it, and what a cookie can be that is none of ours (R13, R14, R17, H9). */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { refreshCookieName } from '../../../src/sessions/refreshCookie.ts';
import { password, type Tokens } from '../../support/authority.ts';
import { cookieOf, ownPage, withCookie } from '../../support/browserPage.ts';
import { type Answer, claimsOf } from '../../support/clients.ts';
import { sharedAuthority } from '../../support/sharedAuthority.ts';

const own = 'http://127.0.0.1:8080';
const listed = 'http://localhost:3000';
const credentials = { email: 'alice@example.com', password };

type Headers = Readonly<Record<string, string>>;

/** An authority with a user, and what her browser does. */
async function start(env: Readonly<Record<string, string>> = {}) {
  const authority = await sharedAuthority({ CORS_ORIGINS: listed, ...env });
  const { call } = authority;
  await authority.register(credentials.email);
  const logIn = (headers: Headers = {}) =>
    call('POST', '/auth/login?cookie', { body: credentials, headers: { ...ownPage, ...headers } });
  return {
    ...authority,
    logIn,
    async loggedIn() {
      const answer = await logIn();
      return { cookie: cookieOf(answer) ?? '', token: answer.body.access_token as string };
    },
    refresh: (cookie: string, headers: Headers = ownPage) =>
      call('POST', '/auth/refresh', { headers: { ...withCookie(cookie), ...headers } }),
    logout: (cookie: string, headers: Headers = ownPage) =>
      call('POST', '/auth/logout', { headers: { ...withCookie(cookie), ...headers } }),
    isLive: async (token: string) => (await call('GET', '/auth/me', { token })).status === 200,
  };
}

function refusedAs(answer: Answer): readonly [number, string] {
  return [answer.status, answer.body.code];
}

t.test('log in, refresh, log out: the refresh token is in the cookie and nowhere else', async (t) => {
  const authority = await start();
  const login = await authority.logIn();
  t.equal(login.status, 200);
  t.match(login.headers.getSetCookie(), [
    new RegExp(
      `^${refreshCookieName}=rt_[\\w-]{72}; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Strict$`,
    ),
  ]);
  t.notOk('refresh_token' in login.body);
  t.match(login.body, { token_type: 'Bearer', refresh_expires_in: 2_592_000 });
  t.equal(login.headers.get('cache-control'), 'no-store');
  const first = cookieOf(login) ?? '';

  const refresh = await authority.refresh(first);
  t.equal(refresh.status, 200);
  t.notOk('refresh_token' in refresh.body);
  const second = cookieOf(refresh) ?? '';
  t.match(second, /^rt_[\w-]{72}$/);
  t.not(second, first);
  t.equal(refresh.headers.get('clear-site-data'), null);

  const logout = await authority.logout(second);
  t.equal(logout.status, 204);
  t.equal(cookieOf(logout), '', 'the cookie is cleared');
  t.equal(logout.headers.get('clear-site-data'), '"storage"');
  t.notOk(await authority.isLive(refresh.body.access_token));
  const { jti } = claimsOf(refresh.body.access_token);
  t.match(await authority.grpc.isRevoked(jti), { revoked: true, reason: 'REASON_LOGOUT' });

  for (const [name, again] of [
    ['with the cookie', await authority.logout(second)],
    ['without it', await authority.call('POST', '/auth/logout', { headers: ownPage })],
  ] as const) {
    t.equal(again.status, 204, `again, ${name}`);
    t.equal(cookieOf(again), '', `again, ${name}: cleared`);
  }
  const dead = await authority.refresh(second);
  t.strictSame(refusedAs(dead), [401, 'invalid_grant']);
  t.equal(cookieOf(dead), undefined, 'a refusal may overtake a login in another tab: it leaves the cookie');
  const none = await authority.call('POST', '/auth/refresh', { headers: ownPage });
  t.strictSame(refusedAs(none), [401, 'token_required'], 'a page that has no cookie is told to log in');
  t.notMatch(authority.log(), /rt_[\w-]{20}/, 'no cookie was logged');
});

t.test('without ?cookie everything is as it was', async (t) => {
  const authority = await start();
  const { cookie } = await authority.loggedIn();
  const login = await authority.call('POST', '/auth/login', {
    body: credentials,
    headers: withCookie(cookie),
  });
  t.match(login.body, { refresh_token: /^rt_/ });
  t.equal(cookieOf(login), undefined);
  const refreshed = await authority.call('POST', '/auth/refresh', {
    body: { refresh_token: login.body.refresh_token },
  });
  t.match(refreshed.body, { refresh_token: /^rt_/ });
  t.equal(cookieOf(refreshed), undefined);
  const body = { refresh_token: refreshed.body.refresh_token };
  const logout = await authority.call('POST', '/auth/logout', { body });
  t.equal(logout.status, 204);
  t.strictSame([cookieOf(logout), logout.headers.get('clear-site-data')], [undefined, null]);
  t.equal((await authority.refresh(cookie)).status, 200, 'and the session of the cookie goes on');

  const missing = await authority.call('POST', '/auth/refresh', { body: {} });
  t.strictSame(refusedAs(missing), [400, 'invalid_request']);
  t.match(missing.body.errors, [{ field: 'refresh_token', rule: 'required' }]);
  for (const query of ['?cookie=1', '?cookie=true', '?cookie&cookie', '?cookies', '?cookie&x=1']) {
    const answer = await authority.call('POST', `/auth/login${query}`, {
      body: credentials,
      headers: ownPage,
    });
    t.strictSame(refusedAs(answer), [400, 'invalid_request'], query);
    t.equal(cookieOf(answer), undefined, query);
  }
});

const page = { 'countersign-csrf': '1' };
const form = 'application/x-www-form-urlencoded';

/** What a request has beside the cookie → the reason in the metric. */
const foreign: readonly [name: string, headers: Headers, reason: string][] = [
  ['nothing', {}, 'no_header'],
  ['no header of a script', { 'sec-fetch-site': 'same-origin' }, 'no_header'],
  ['no header of a script, from a sibling', { 'sec-fetch-site': 'same-site', origin: listed }, 'no_header'],
  ['the header with another value', { ...ownPage, 'countersign-csrf': '0' }, 'no_header'],
  ['an empty header', { ...ownPage, 'countersign-csrf': '' }, 'no_header'],
  [
    'a form',
    { 'content-type': form, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    'no_header',
  ],
  ['a form of text', { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' }, 'no_header'],
  ['a form of an old browser', { 'content-type': form, origin: 'null' }, 'no_header'],
  ['another site', { ...page, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'cross_site'],
  ['another site that says it is us', { ...page, 'sec-fetch-site': 'cross-site', origin: own }, 'cross_site'],
  ['another site that is listed', { ...page, 'sec-fetch-site': 'cross-site', origin: listed }, 'cross_site'],
  ['the user, by hand', { ...page, 'sec-fetch-site': 'none' }, 'fetch_site'],
  ['an unknown site', { ...page, 'sec-fetch-site': 'same-party', origin: own }, 'fetch_site'],
  ['two sites', { ...page, 'sec-fetch-site': 'same-origin, cross-site', origin: own }, 'fetch_site'],
  ['an empty site', { ...page, 'sec-fetch-site': '', origin: own }, 'fetch_site'],
  ['a site in capitals', { ...page, 'sec-fetch-site': 'Same-Origin', origin: own }, 'fetch_site'],
  ['a sibling', { ...page, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:9999' }, 'origin'],
  ['a sibling without a name', { ...page, 'sec-fetch-site': 'same-site' }, 'origin'],
  ['a sandboxed sibling', { ...page, 'sec-fetch-site': 'same-site', origin: 'null' }, 'origin'],
  ['neither site nor origin', page, 'no_origin'],
  ...[
    'null',
    '',
    'https://evil.example',
    `${own}.evil.example`,
    `${own}0`,
    own.replace('8080', '808'),
    own.replace('http:', 'https:'),
    own.replace('//', '//evil.example@'),
    `${own}/`,
    `${own}, ${own}`,
    listed.toUpperCase(),
    `${listed}.evil.example`,
    listed.replace(':3000', ''),
    'http://evil-localhost:3000',
  ].map((origin): [string, Headers, string] => [`origin ${origin}`, { ...page, origin }, 'origin']),
];

/** Likewise, and may use the cookie. */
const allowed: readonly [name: string, headers: Headers][] = [
  ['our own page', ownPage],
  ['our own page under another name of this host', { ...ownPage, origin: 'http://localhost:8080' }],
  ['a sibling that is listed', { ...page, 'sec-fetch-site': 'same-site', origin: listed }],
  ['an old browser, our own page', { ...page, origin: own }],
  ['an old browser, a listed page', { ...page, origin: listed }],
];

t.test('a page that may not use the cookie is refused, and nothing happens', async (t) => {
  const authority = await start();
  const { call } = authority;
  const { cookie, token } = await authority.loggedIn();
  for (const [name, headers] of foreign) {
    const sent = { ...withCookie(cookie), ...headers };
    // A form has a body; it is refused before anybody looks into it.
    const body = headers['content-type'] === undefined ? {} : { body: 'refresh_token=x' };
    for (const [what, answer] of [
      ['login', await call('POST', '/auth/login?cookie', { body: credentials, headers })],
      ['login with a cookie', await call('POST', '/auth/login?cookie', { body: credentials, headers: sent })],
      ['refresh', await call('POST', '/auth/refresh', { ...body, headers: sent })],
      ['logout', await call('POST', '/auth/logout', { ...body, headers: sent })],
    ] as const) {
      t.strictSame(refusedAs(answer), [403, 'csrf_refused'], `${what}: ${name}`);
      const changes = [answer.headers.getSetCookie(), answer.headers.get('clear-site-data')];
      t.strictSame(changes, [[], null], `${what}: ${name}: the browser keeps what it has`);
      t.match(answer.body.detail, /^(countersign-csrf|sec-fetch-site|origin)\b/, `${what}: ${name}: why`);
    }
  }
  const sessions = await call('GET', '/auth/sessions', { token });
  t.equal(sessions.body.sessions.length, 1, 'nobody was logged in');
  t.equal((await authority.refresh(cookie)).status, 200, 'nothing was refreshed or ended');

  const metrics = (await authority.operations('GET', '/metrics')).body;
  for (const reason of new Set(foreign.map(([, , why]) => why))) {
    const count = foreign.filter(([, , why]) => why === reason).length * 4;
    t.match(metrics, `countersign_refusals_total{code="csrf_refused",reason="${reason}"} ${count}`);
  }
});

t.test('a page that may use the cookie can', async (t) => {
  const authority = await start();
  for (const [name, headers] of allowed) {
    const login = await authority.call('POST', '/auth/login?cookie', { body: credentials, headers });
    t.equal(login.status, 200, `login: ${name}`);
    const refresh = await authority.refresh(cookieOf(login) ?? '', headers);
    t.equal(refresh.status, 200, `refresh: ${name}`);
    t.equal((await authority.logout(cookieOf(refresh) ?? '', headers)).status, 204, `logout: ${name}`);
  }
});

t.test('the origin of an issuer is without its path', async (t) => {
  const authority = await start({ ISSUER: 'https://auth.example.com/tenant', CORS_ORIGINS: '' });
  const logIn = (origin: string) =>
    authority.call('POST', '/auth/login?cookie', { body: credentials, headers: { ...page, origin } });
  t.equal((await logIn('https://auth.example.com')).status, 200);
  t.equal((await logIn('https://auth.example.com/tenant')).status, 403);
  t.equal((await logIn(listed)).status, 403);
});

t.test('the cookie counts once, and only under its own name (R17)', async (t) => {
  const authority = await start();
  const { call } = authority;
  const { cookie, token } = await authority.loggedIn();
  const named = (value: string, name = refreshCookieName) => `${name}=${value}`;
  const rows: readonly [name: string, cookie: string, status: number, code: string][] = [
    ['twice the same', `${named(cookie)}; ${named(cookie)}`, 400, 'invalid_request'],
    ['ours and another', `${named(cookie)}; ${named('x')}`, 400, 'invalid_request'],
    ['an empty one and ours', `${named('')};${named(cookie)}`, 400, 'invalid_request'],
    ['one inside of quotes', `a="; ${named(cookie)}; b="; ${named(cookie)}`, 400, 'invalid_request'],
    ['empty', named(''), 401, 'invalid_grant'],
    ['nonsense', named('x'), 401, 'invalid_grant'],
    ['cut off', named(cookie.slice(0, -1)), 401, 'invalid_grant'],
    ['too long by one', named(`${cookie}A`), 401, 'invalid_grant'],
    ['oversized', named('x'.repeat(4_096)), 401, 'invalid_grant'],
    ['in quotes', named(`"${cookie}"`), 401, 'invalid_grant'],
    ['percent-encoded', named(cookie.replace('_', '%5F')), 401, 'invalid_grant'],
    [
      'with another MAC',
      named(cookie.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))),
      401,
      'invalid_grant',
    ],
    ['spaces before the value', named(` ${cookie}`), 401, 'invalid_grant'],
    ['in small letters', named(cookie, refreshCookieName.toLowerCase()), 401, 'token_required'],
    ['a name that ends like ours', named(cookie, `x${refreshCookieName}`), 401, 'token_required'],
    ['a name that begins like ours', named(cookie, `${refreshCookieName}x`), 401, 'token_required'],
    ['a space after the name', named(cookie, `${refreshCookieName} `), 401, 'token_required'],
    ['behind a space that only some parsers know', `a=b; \u00a0${named(cookie)}`, 401, 'token_required'],
    ['behind a line of Unicode', `a=b; \u0085${named(cookie)}`, 401, 'token_required'],
    ['without a value', `a=b; ${refreshCookieName}`, 401, 'token_required'],
    ['with a comma', `a=b, ${named(cookie)}`, 401, 'token_required'],
    ['an old syntax', `$Version=1, ${named(cookie)}`, 401, 'token_required'],
  ];
  for (const [name, sent, status, code] of rows) {
    const headers = { ...ownPage, cookie: sent };
    const refresh = await call('POST', '/auth/refresh', { headers });
    t.strictSame(refusedAs(refresh), [status, code], `refresh: ${name}`);
    if (status === 400) t.match(refresh.body.errors, [{ field: refreshCookieName, rule: 'unique' }], name);
    const logout = await call('POST', '/auth/logout', { headers });
    if (code === 'token_required') {
      t.equal(logout.status, 204, `logout: ${name}: there is none of ours`);
    } else {
      t.strictSame(refusedAs(logout), [status, code], `logout: ${name}`);
      t.equal(cookieOf(logout), status === 401 ? '' : undefined, `${name}: what is of no use is cleared`);
    }
    const login = await call('POST', '/auth/login?cookie', { body: credentials, headers });
    t.equal(login.status, status === 400 ? 400 : 200, `login: ${name}: a bad cookie keeps nobody out`);
  }
  t.ok(await authority.isLive(token), 'and the session went on through all of it');
  t.equal((await authority.refresh(cookie)).status, 200);

  const socket = connect(authority.httpPort, '127.0.0.1');
  const fields = [
    `cookie: ${named(cookie)}`,
    'cookie: a=b',
    `cookie: ${named(cookie)}`,
    ...Object.entries(ownPage).map((pair) => pair.join(': ')),
  ];
  socket.write(
    `POST /auth/refresh HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${fields.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`,
  );
  t.match(await text(socket), /^HTTP\/1\.1 400 [\s\S]*came more than once/, 'in two header fields');
});

t.test('a login in cookie mode ends the session of the cookie that was there (R13)', async (t) => {
  const authority = await start();
  const { call, grpc } = authority;
  await call('POST', '/auth/register', { body: { email: 'mallory@example.com', password } });
  const planted = await call('POST', '/auth/login?cookie', {
    body: { email: 'mallory@example.com', password },
    headers: ownPage,
  });
  const before = cookieOf(planted) ?? '';

  const failed = await call('POST', '/auth/login?cookie', {
    body: { ...credentials, password: 'wrong horse battery staple' },
    headers: { ...ownPage, ...withCookie(before) },
  });
  t.strictSame(refusedAs(failed), [401, 'invalid_credentials']);
  t.equal(cookieOf(failed), undefined);
  t.ok(await authority.isLive(planted.body.access_token), 'a login that fails ends nothing');

  const login = await authority.logIn(withCookie(before));
  t.equal(login.status, 200);
  t.not(login.body.session_id, planted.body.session_id, 'a new session');
  t.notOk(await authority.isLive(planted.body.access_token), 'the session of before has ended');
  t.match(await grpc.isRevoked(claimsOf(planted.body.access_token).jti), { revoked: true });
  t.strictSame(refusedAs(await authority.refresh(before)), [401, 'invalid_grant']);

  const again = await authority.logIn(withCookie(cookieOf(login) ?? ''));
  t.not(again.body.session_id, login.body.session_id, 'a new session for the same user as well');
  t.notOk(await authority.isLive(login.body.access_token));
  const repeated = await authority.logIn(withCookie(before));
  t.equal(repeated.status, 200, 'the cookie of a session that has ended does no harm');
  t.ok(await authority.isLive(again.body.access_token), 'nor does it end another one');
  const page = await call('GET', '/auth/sessions', { token: again.body.access_token });
  t.equal(page.body.sessions.length, 2);
});

t.test('one refresh token a request', async (t) => {
  const authority = await start();
  const { cookie, token } = await authority.loggedIn();
  const other = await authority.login(credentials.email);
  for (const path of ['/auth/refresh', '/auth/logout']) {
    const answer = await authority.call('POST', path, {
      body: { refresh_token: other.refresh_token },
      headers: { ...ownPage, ...withCookie(cookie) },
    });
    t.strictSame(refusedAs(answer), [400, 'invalid_request'], path);
    t.match(answer.body.errors, [{ field: 'refresh_token', rule: 'one_source' }], path);
  }
  t.ok((await authority.isLive(token)) && (await authority.isLive(other.access_token)), 'neither has ended');
  const logout = await authority.call('POST', '/auth/logout', {
    token: other.access_token,
    headers: { ...ownPage, ...withCookie(cookie) },
  });
  t.equal(logout.status, 204, 'beside a bearer token of another session');
  t.notOk((await authority.isLive(token)) || (await authority.isLive(other.access_token)), 'both have ended');
});

t.test('a logout ends whatever comes with it that is genuine', async (t) => {
  const authority = await start();
  const { login, call, isLive } = authority;
  await authority.loggedIn();
  const [stale, bad] = [`rt_${'A'.repeat(80)}`, 'a.b.c'];
  const table: readonly (readonly [string, (tokens: Tokens) => [string, string], number, string?])[] = [
    ['both', (tokens) => [tokens.refresh_token, tokens.access_token], 204],
    ['the refresh token beside a bad bearer token', (tokens) => [tokens.refresh_token, bad], 204],
    ['the bearer token beside a bad refresh token', (tokens) => [stale, tokens.access_token], 204],
    ['neither', () => [stale, bad], 401, 'invalid_grant'],
  ];
  for (const [what, choose, status, code] of table) {
    const tokens = await login(credentials.email);
    const [refreshToken, token] = choose(tokens);
    const answer = await call('POST', '/auth/logout', { token, body: { refresh_token: refreshToken } });
    t.match([answer.status, answer.body?.code], [status, code], what);
    t.equal(await isLive(tokens.access_token), status !== 204, `${what}: the session`);
  }
  const { refresh_token } = await login(credentials.email);
  const headers = { authorization: 'Basic eDp5' };
  t.equal((await call('POST', '/auth/logout', { headers, body: { refresh_token } })).status, 204);
});

t.test('two tabs refresh at once: both go on with the same cookie', async (t) => {
  const authority = await start();
  const { cookie } = await authority.loggedIn();
  const answers = await Promise.all([authority.refresh(cookie), authority.refresh(cookie)]);
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200],
  );
  const [one, other] = answers.map(cookieOf);
  t.equal(one, other);
  t.equal((await authority.refresh(one ?? '')).status, 200);
});

t.test('what ends the session of the browser clears its cookie; what keeps it does not', async (t) => {
  const authority = await start();
  const { call } = authority;
  const cleared = (answer: Answer) => [cookieOf(answer), answer.headers.get('clear-site-data')];

  const mine = await authority.loggedIn();
  const headers = withCookie(mine.cookie);
  const another = await authority.login(credentials.email);
  const ended = await call('DELETE', `/auth/sessions/${another.session_id}`, { token: mine.token, headers });
  t.strictSame([ended.status, ...cleared(ended)], [204, undefined, null], 'ending another session');
  const newPassword = 'another horse battery staple';
  const changed = await call('POST', '/auth/password', {
    token: mine.token,
    headers,
    body: { current_password: password, new_password: newPassword },
  });
  t.equal((await authority.refresh(mine.cookie)).status, 401, 'a password change ends what the cookie was');
  t.strictSame([changed.status, changed.headers.get('clear-site-data')], [204, null]);
  const refreshed = await authority.refresh(cookieOf(changed) ?? '');
  t.equal(refreshed.status, 200, 'and sets another one');

  const token = refreshed.body.access_token;
  const current = await call('DELETE', `/auth/sessions/${refreshed.body.session_id}`, { token, headers });
  t.strictSame([current.status, ...cleared(current)], [204, '', '"storage"'], 'ending the current session');

  const body = { ...credentials, password: newPassword };
  const login = await call('POST', '/auth/login?cookie', { body, headers: ownPage });
  const all = await call('POST', '/auth/logout-all', {
    token: login.body.access_token,
    headers: withCookie(cookieOf(login) ?? ''),
  });
  t.strictSame([all.status, ...cleared(all)], [204, '', '"storage"'], 'logout everywhere');
  const beside = await call('POST', '/auth/login?cookie', { body, headers: ownPage });
  const bearer = await call('POST', '/auth/login', { body });
  const others = withCookie(cookieOf(beside) ?? '');
  const own = await call('DELETE', `/auth/sessions/${bearer.body.session_id}`, {
    token: bearer.body.access_token,
    headers: others,
  });
  t.strictSame([own.status, ...cleared(own)], [204, undefined, null], 'ending a session of a bearer');
  t.equal((await authority.refresh(cookieOf(beside) ?? '')).status, 200, 'and the cookie beside it goes on');

  const noBrowser = await call('POST', '/auth/login', { body });
  const byBearer = await call('POST', '/auth/logout-all', { token: noBrowser.body.access_token });
  t.strictSame(
    [byBearer.status, ...cleared(byBearer)],
    [204, undefined, null],
    'of a client without cookies',
  );
});

t.test('the OpenAPI document tells of it', async (t) => {
  const authority = await start();
  const { paths, components } = (await authority.call('GET', '/docs/json')).body;
  t.match(components.securitySchemes.cookie, { type: 'apiKey', in: 'cookie', name: refreshCookieName });
  for (const path of ['/auth/login', '/auth/refresh']) {
    const { required, properties } = paths[path].post.responses['200'].content['application/json'].schema;
    t.ok('refresh_token' in properties && !required.includes('refresh_token'), path);
    t.ok('403' in paths[path].post.responses, path);
  }
  t.match(paths['/auth/login'].post.parameters, [{ in: 'query', name: 'cookie', required: false }]);
  t.strictSame(paths['/auth/refresh'].post.security, [{}, { cookie: [] }]);
});
