/**
 * Hostile HTTP/1.1: the rows H1–H7, H10 and H14–H16 that bad input in general (badInput.test.ts) does not cover. Browsers'
 * rows (H8, H9) are in cors.test.ts and cookies.test.ts, slow clients (H4) in slowClients.test.ts, the log (H17) in log.test.ts.
 */
import t, { type Test } from 'tap';
import { httpLimits } from '../../../src/transport/http/limits.ts';
import { password, startAuthority, type TestAuthority } from '../../support/authority.ts';
import { rawRequest, sendRaw } from '../../support/rawHttp.ts';

const email = 'alice@example.com';
const login = JSON.stringify({ email, password });
const jsonFields = (body: string) => ['content-type: application/json', `content-length: ${body.length}`];

t.test('hostile requests', async (t) => {
  // Limits that are off would be a warning, and its log is to have none.
  const authority = await startAuthority({ env: { RATE_LIMITS: '1000' } });
  t.teardown(() => authority.stop());
  await authority.register(email);
  const { access_token: token } = await authority.login(email);

  for (const [name, rows] of Object.entries(tables)) {
    await t.test(name, (t) => rows(t, authority, token));
  }
  t.strictSame(Object.keys({ ...Object.prototype }), [], 'no prototype was touched');
  t.equal((await authority.call('GET', '/auth/me', { token })).status, 200, 'the session is as it was');
  t.notMatch(authority.log(), /"level":"(warn|error|fatal)"/, 'nothing of all this wakes anybody');
});

type Rows = (t: Test, authority: TestAuthority, token: string) => Promise<void>;

const prototypes: Rows = async (t, { call }, token) => {
  for (const path of ['register', 'login', 'refresh', 'logout', 'logout-all', 'logout-others', 'password']) {
    for (const member of [
      '"__proto__":{"a":1}',
      '"\\u005f_proto__":{"a":1}',
      '"constructor":{"prototype":{"a":1}}',
    ]) {
      const answer = await call('POST', `/auth/${path}`, { token, body: `{${member}}` });
      t.match([answer.status, answer.body.code], [400, 'invalid_request'], `${path}: ${member}`);
    }
  }
  for (const query of [
    '__proto__=1',
    '__proto__[a]=1',
    'constructor=1',
    'constructor.prototype.a=1',
    'toString=1',
  ]) {
    t.equal((await call('GET', `/auth/sessions?${query}`, { token })).status, 400, `sessions?${query}`);
    t.equal((await call('POST', `/auth/login?${query}`, { body: login })).status, 400, `login?${query}`);
  }
};

const contentTypes: Rows = async (t, { httpPort }) => {
  const length = `content-length: ${login.length}`;
  const table: [name: string, fields: string[], status: number][] = [
    ['white space around it', ['content-type: \t application/json \t'], 200],
    ['none', [], 415],
    ['an empty one', ['content-type:'], 415],
    ['the same twice', ['content-type: application/json', 'content-type: application/json'], 400],
    ['two different ones', ['content-type: application/json', 'content-type: text/plain'], 400],
    [
      'two different ones in other order',
      ['content-type: text/plain', 'content-type: application/json'],
      400,
    ],
    ['two in one', ['content-type: application/json, application/json'], 415],
    ['a tab inside', ['content-type: application/json\ta'], 415],
    ['a comment', ['content-type: application/json (x)'], 415],
    ['two charsets', ['content-type: application/json; charset=utf-8; charset=utf-7'], 415],
    ['a suffix', ['content-type: application/merge-patch+json'], 415],
  ];
  for (const [name, fields, status] of table) {
    const { statuses } = await sendRaw(httpPort, rawRequest('POST /auth/login', [...fields, length], login));
    t.strictSame(statuses, [status], name);
  }
};

const sizes: Rows = async (t, { httpPort, call }) => {
  const json = 'content-type: application/json';
  const large = 'x'.repeat(httpLimits.httpBodyBytes + 1);
  const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
  const table: [name: string, bytes: string, status: number][] = [
    [
      'a length of 10 GB is refused before anything of it was sent',
      rawRequest('POST /auth/login', [json, 'content-length: 10000000000']),
      413,
    ],
    [
      'and whoever asks first is not told to go on with it',
      rawRequest('POST /auth/login', [json, 'content-length: 10000000000', 'expect: 100-continue']),
      413,
    ],
    [
      'a body in chunks, whose length nobody says',
      rawRequest('POST /auth/login', [json, 'transfer-encoding: chunked'], chunk),
      413,
    ],
    ['something else expected', rawRequest('GET /auth/me', ['expect: the-impossible']), 417],
  ];
  for (const [name, bytes, status] of table) {
    const { statuses } = await sendRaw(httpPort, bytes);
    t.equal(statuses.at(-1), status, `${name}: ${statuses}`);
  }
  for (const encoding of ['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip', 'x']) {
    const headers = { 'content-encoding': encoding };
    t.equal((await call('POST', '/auth/login', { body: login, headers })).status, 415, encoding);
  }
};

/** What one parser takes for one request, and another for two, is refused or is one. */
const smuggling: Rows = async (t, { httpPort }, token) => {
  const second = `GET /auth/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`;
  const chunked = (...fields: string[]) =>
    `POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${fields.join('\r\n')}\r\n\r\n`;
  const lengths: [name: string, ...fields: string[]][] = [
    ['a length and chunks', 'content-length: 5', 'transfer-encoding: chunked'],
    ['chunks and a length', 'transfer-encoding: chunked', 'content-length: 5'],
    ['chunked, but not last', 'transfer-encoding: chunked, identity'],
    ['chunked in other words', 'transfer-encoding: xchunked'],
    ['chunked twice', 'transfer-encoding: chunked', 'transfer-encoding: chunked, x'],
    ['chunked after a control', 'transfer-encoding: \x0bchunked'],
    ['a space before the colon', 'transfer-encoding : chunked'],
    ['a name of two lines', 'transfer-\r\n encoding: chunked'],
    ['a folded value', 'transfer-encoding:\r\n chunked'],
    ['a bare CR', 'x: y\rtransfer-encoding: chunked'],
    ['a NUL', 'x: y\0', 'transfer-encoding: chunked'],
    ['a signed length', 'content-length: +5'],
    ['a negative length', 'content-length: -5'],
    ['a hexadecimal length', 'content-length: 0x5'],
    ['two lengths in one', 'content-length: 5, 5'],
    ['the same length twice', 'content-length: 5', 'content-length: 5'],
    ['two different lengths', 'content-length: 0', 'content-length: 5'],
    ['a length beyond numbers', 'content-length: 99999999999999999999999'],
    ['no name', ': x'],
  ];
  for (const [name, ...fields] of lengths) {
    const { statuses, text } = await sendRaw(httpPort, `${chunked(...fields)}0\r\n\r\n${second}`, {
      half: true,
    });
    t.match(statuses, [400], name);
    t.equal(statuses.length, 1, `${name}: no second request`);
    t.match(text, /\r\nconnection: close\r\n/i, `${name}: and hangs up`);
  }

  const bodies: [name: string, body: string][] = [
    ['a chunk size that is none', `xyz\r\n{}\r\n0\r\n\r\n`],
    ['a signed chunk size', `+2\r\n{}\r\n0\r\n\r\n`],
    ['a chunk size beyond numbers', `fffffffffffffffff\r\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `1\r\n{}\r\n0\r\n\r\n`],
    ['17 KB of chunk extensions', `2;${'a'.repeat(17 * 1024)}\r\n{}\r\n0\r\n\r\n`],
  ];
  for (const [name, body] of bodies) {
    const bytes = `${chunked('transfer-encoding: chunked')}${body}${second}`;
    const { statuses } = await sendRaw(httpPort, bytes, { half: true });
    t.equal(statuses.length, 1, `${name}: no second request`);
    t.ok([400, 413].includes(statuses[0] ?? 0), `${name}: ${statuses}`);
  }
};

const framing: Rows = async (t, { httpPort }, token) => {
  const me = (fields: string[] = [], body = '') =>
    `GET /auth/me HTTP/1.1\r\n${['host: x', `authorization: Bearer ${token}`, ...fields].join('\r\n')}\r\n\r\n${body}`;
  const inner = me();
  const table: [name: string, bytes: string, statuses: number[]][] = [
    [
      'a request in the body of a GET is no request',
      me([`content-length: ${inner.length}`, 'connection: close'], inner),
      [200],
    ],
    [
      'a request in the body of a POST is no request',
      rawRequest('POST /auth/refresh', jsonFields(inner), inner),
      [400],
    ],
    [
      'pipelined requests are answered in order, each for itself',
      `${me()}GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n${rawRequest('GET /health/live', [])}`,
      [200, 404, 200],
    ],
    [
      'a short chunk extension is ignored',
      rawRequest(
        'POST /auth/login',
        ['content-type: application/json', 'transfer-encoding: chunked'],
        `${login.length.toString(16)};a=b\r\n${login}\r\n0\r\n\r\n`,
      ),
      [200],
    ],
    ['a trailer is no header', withTrailer('content-type: text/plain', 'authorization: Bearer x'), [200]],
    [
      'an upgrade that is not offered',
      me(['connection: upgrade, close', 'upgrade: h2c', 'http2-settings: AAMAAABk']),
      [200],
    ],
  ];
  for (const [name, bytes, expected] of table) {
    const { statuses } = await sendRaw(httpPort, bytes);
    t.strictSame(statuses, expected, name);
  }
  for (const name of ['authorization', 'host', 'content-type']) {
    const twice = [`${name}: x`, `${name.toUpperCase()}: y`];
    const { statuses, text } = await sendRaw(httpPort, rawRequest('POST /auth/logout-all', twice));
    t.strictSame(statuses, [400], `${name} twice: which of them counts, no two servers agree on`);
    t.match(text, `"field":"${name}"`);
  }
  const { statuses } = await sendRaw(httpPort, 'GET /auth/me HTTP/1.1\r\nconnection: close\r\n\r\n');
  t.strictSame(statuses, [400], 'no host (RFC 9112 §3.2)');
};

function withTrailer(...trailers: string[]): string {
  const body = `${login.length.toString(16)}\r\n${login}\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`;
  return rawRequest(
    'POST /auth/login',
    ['content-type: application/json', 'transfer-encoding: chunked'],
    body,
  );
}

const splitting: Rows = async (t, { call, httpPort }, token) => {
  const injected = /^(x-injected|set-cookie|location):/im;
  for (const path of [
    '/auth/me%0d%0ax-injected:%201',
    '/%0d%0aset-cookie:%20a=b',
    '/auth/sessions?page_token=%0d%0ax-injected:1',
    '/docs/%0d%0ax-injected:%201',
    '/auth/sessions/%0d%0ax-injected:%201',
  ]) {
    const { text, statuses } = await sendRaw(httpPort, rawRequest(`GET ${path}`, []));
    t.notMatch(text, injected, path);
    t.ok((statuses[0] ?? 0) >= 400, path);
  }
  const wanted = 'my-request-id';
  const headers = { 'x-request-id': wanted, 'x-correlation-id': wanted, 'request-id': wanted };
  const answer = await call('GET', '/auth/me', { token, headers });
  t.match(answer.headers.get('x-request-id'), /^[0-9a-f-]{36}$/, 'a request has the id that we gave it');
  t.notMatch(JSON.stringify([...answer.headers]), wanted, 'and nothing of what came is in the answer');
  const { text } = await sendRaw(httpPort, rawRequest('GET /auth/me', ['origin: https://evil.example']));
  t.notMatch(text, 'evil', 'an origin is not reflected');
};

const pollution: Rows = async (t, { call }, token) => {
  for (const query of [
    'page_size=1&page_size=1',
    'page_size[]=1',
    'page_size[a]=1',
    'page_token=&page_token=',
    'page_size=1;page_size=2',
    'page_size=',
  ]) {
    t.equal((await call('GET', `/auth/sessions?${query}`, { token })).status, 400, query);
  }
  for (const query of ['cookie&cookie', 'cookie=1', 'cookie[]=', 'Cookie']) {
    const csrf = { 'countersign-csrf': '1', 'sec-fetch-site': 'same-origin' };
    const answer = await call('POST', `/auth/login?${query}`, { body: login, headers: csrf });
    t.equal(answer.status, 400, `login?${query}`);
  }
  const twice: [path: string, body: string][] = [
    ['/auth/login', `{"email":"mallory@example.com",${login.slice(1)}`],
    ['/auth/login', `${login.slice(0, -1)},"password":${JSON.stringify(password)}}`],
    ['/auth/login', `${login.slice(0, -1)}, "p\\u0061ssword" : ${JSON.stringify(password)} }`],
    ['/auth/register', `{"email":"a@example.com","email":"b@example.com","password":"${password}"}`],
    ['/auth/refresh', '{"refresh_token":"x","refresh_token":"y"}'],
    ['/auth/logout', '{"refresh_token":"x","refresh_token":"y"}'],
  ];
  for (const [path, body] of twice) {
    const answer = await call('POST', path, { body });
    t.match(
      answer,
      { status: 400, body: { errors: [{ field: 'body', rule: 'unique' }] } },
      `${path} ${body.slice(0, 40)}`,
    );
  }
  for (const body of [
    ` \n${login}\t`,
    login.replaceAll('":"', '" : "'),
    `{"email":"${email}","password":"${password}","device_name":"a, \\"b\\": {[,"}`,
  ]) {
    t.equal(
      (await call('POST', '/auth/login', { body })).status,
      200,
      `unusual, but each member is there once: ${body.slice(-30)}`,
    );
  }
};

const paths: Rows = async (t, { httpPort, call }, token) => {
  const bearer = `authorization: Bearer ${token}`;
  const table: [target: string, status: number][] = [
    ['/auth/%2e%2e/auth/me', 404],
    ['/auth/../auth/me', 404],
    ['/auth/./me', 404],
    ['/auth/%2e/me', 404],
    ['/auth//me', 404],
    ['/auth/me//', 404],
    ['/auth%2fme', 404],
    ['/auth%5cme', 404],
    ['/auth\\me', 404],
    ['/auth/me%2f', 404],
    ['/auth/me;x', 404],
    ['/auth;x/me', 404],
    ['/auth/me%00', 404],
    ['/auth/me%20', 404],
    ['/auth/me.', 404],
    ['/auth/me%ef%bc%8f', 404],
    ['/auth/%256d%2565', 404],
    ['/auth/m\xc3\xa9', 404],
    ['/AUTH/ME', 404],
    ['/auth/me/../../health/live', 404],
    ['/health/live/../../auth/me', 404],
    ['/auth/%c0%ae%c0%ae/me', 404],
    [`/${'a/'.repeat(4_000)}`, 404],
    ['*', 404],
  ];
  for (const [target, status] of table) {
    const { statuses } = await sendRaw(httpPort, rawRequest(`GET ${target}`, [bearer]), { half: true });
    t.ok(
      statuses.length === 1 && [status, 400].includes(statuses[0] ?? 0),
      `${target.slice(0, 40)}: ${statuses}`,
    );
  }
  for (const target of ['/auth/m%65', 'http://evil.example/auth/me', '/auth/me?x.css']) {
    const { statuses: without } = await sendRaw(httpPort, rawRequest(`GET ${target}`, []));
    t.strictSame(without, [401], `${target} is /auth/me in other words, and as guarded`);
    const { text } = await sendRaw(httpPort, rawRequest(`GET ${target}`, [bearer]));
    t.match(
      text,
      /^HTTP\/1\.1 200 [\s\S]*\r\ncache-control: no-store\r\n/i,
      `${target}: and no cache keeps it`,
    );
  }
  for (const method of ['TRACE', 'PUT', 'PATCH', 'PROPFIND', 'QUERY', 'OPTIONS', 'LOCK', 'get']) {
    const { statuses, text } = await sendRaw(
      httpPort,
      rawRequest(`${method} /auth/me`, [bearer, 'x-a: marker']),
      { half: true },
    );
    t.ok(statuses.length === 1 && [400, 404].includes(statuses[0] ?? 0), `${method}: ${statuses}`);
    t.notMatch(text, 'marker', `${method} does not echo`);
  }
  const { text: tunnel } = await sendRaw(
    httpPort,
    'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n',
    { half: true },
  );
  t.notMatch(tunnel, / 200 /, 'CONNECT opens no tunnel');
  for (const override of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
    const answer = await call('POST', '/auth/me', { token, body: {}, headers: { [override]: 'DELETE' } });
    t.equal(answer.status, 404, `${override} overrides nothing`);
  }
};

/** These are for everybody, for whoever has a link of a mail, or pages that browsers are sent to; all else is for whoever has a token. */
const open =
  /^\/($|\.well-known\/|health\/|metrics$|docs|(account|admin)(\/\{\*\})?$|pages\/\{file\}$|sign-in(\/(provider|factor|factor\/start|recovery|register))?$|oauth2\/(authorize|logout)(\/\w+)?$|auth\/(register|providers(\/complete|\/\{name\}\/(start|callback))?|login(\/.*)?|refresh|logout|email\/verify|recovery(\/complete)?|not-me|factors\/reset\/stop)$)/;

const zeroId = '00000000-0000-7000-8000-000000000000';
/** Well-formed, so that a refusal is for the token. */
const bodies: Readonly<Record<string, object>> = {
  'POST /auth/password': { current_password: 'x', new_password: 'y' },
  'DELETE /auth/me': { current_password: 'x' },
  'POST /auth/factors/totp/confirm': { code: 'x' },
  'POST /auth/factors/passkeys': {
    name: 'x',
    credential: {
      ...{ id: 'x', rawId: 'x', type: 'public-key' },
      response: { clientDataJSON: 'x', attestationObject: 'x' },
    },
  },
  'PATCH /auth/factors/passkeys/{id}': { name: 'x' },
  'POST /auth/email': { email: 'x@example.com' },
  'POST /auth/phone': { phone: '+4915112345678' },
  'POST /auth/phone/verify': { code: '000000' },
  'POST /auth/step-up/start': { factor: 'totp' },
  'POST /auth/step-up': { totp: 'x' },
  'POST /oauth2/global-token-revocation': { sub_id: { format: 'x' } },
};
const forms = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];
const form = {
  body: 'grant_type=x&token=x',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
};

const guarded: Rows = async (t, { call }) => {
  const { body: document } = await call('GET', '/docs/json');
  const routes = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  t.ok(routes.length > 10, `${routes.length} routes`);
  const closed = routes.filter(([, path]) => !open.test(path));
  const requests = closed.flatMap(([method, path]) =>
    (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((each) => [each, path] as const),
  );
  for (const [method, path] of requests) {
    const body = bodies[`${method} ${path}`];
    const asked = forms.includes(path) ? form : body === undefined ? {} : { body };
    const answer = await call(method, path.replace('{id}', zeroId), asked);
    t.equal(answer.status, 401, `${method} ${path} asks for a token`);
    t.equal(answer.headers.get('cache-control'), 'no-store', `${method} ${path}: no cache keeps that`);
  }
  t.ok(closed.length >= 7, `${closed.length} of them are guarded`);
};

const caches: Rows = async (t, authority, token) => {
  const { call } = authority;
  for (const path of [
    '/auth/sessions/x.css',
    '/auth/me/x.css',
    '/auth/me%0a.css',
    '/auth/me%3b.js',
    '/auth/me%23.png',
    '/auth/sessions%3fx.css',
  ]) {
    const answer = await call('GET', path, { token });
    t.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
    t.equal(answer.headers.get('cache-control'), 'no-store', path);
  }
  const tokens = await authority.login(email);
  const answers = {
    login: await call('POST', '/auth/login', { body: login }),
    refresh: await authority.refresh(tokens.refresh_token),
    sessions: await call('GET', '/auth/sessions', { token }),
    me: await call('GET', '/auth/me', { token }),
    register: await call('POST', '/auth/register', { body: { email: 'cache@example.com', password } }),
    logout: await call('POST', '/auth/logout', { token: tokens.access_token }),
    refused: await call('POST', '/auth/login', { body: { email, password: 'wrong' } }),
  };
  for (const [name, { status, headers }] of Object.entries(answers)) {
    t.match([status, headers.get('cache-control')], [/^(20[014]|401)$/, 'no-store'], name);
    t.equal(headers.get('x-content-type-options'), 'nosniff', name);
    t.equal(headers.get('etag'), null, name);
  }
};

/** The longest that one of these may take: a scan of 16 KB takes microseconds, one that looks back at each character 200 ms. */
const scanMilliseconds = 60;

const patterns: Rows = async (t, { call, httpPort }, token) => {
  const long = (piece: string) =>
    piece.repeat(Math.floor((httpLimits.httpHeadersBytes - 1_500) / piece.length));
  const headers: [name: string, field: string][] = [
    ['blanks inside of a content type', `content-type: application/json${long(' ')}x`],
    ['blanks inside of a charset', `content-type: application/json;${long(' ')}x`],
    ['blanks inside of a cookie', `cookie: a${long(' ')}b`],
    ['tabs inside of a cookie', `cookie: a${long('\t ')}b`],
    ['semicolons of cookies', `cookie: ${long(';')}`],
    ['blanks after Bearer', `authorization: Bearer${long(' ')}`.concat('!')],
    ['blanks after a token', `authorization: Bearer x${long(' ')}!`],
    ['dots of a token', `authorization: Bearer ${long('.')}!`],
    ['entity tags', `if-none-match: ${long(' ,')}x`],
    ['a program', `user-agent: ${long('(')}x`],
    ['versions of programs', `user-agent: ${long('Version/1.')}x`],
  ];
  for (const [name, field] of headers) {
    const bytes = rawRequest('POST /auth/refresh', [field]);
    const fastest = await quickest(() => sendRaw(httpPort, bytes));
    t.ok(fastest < scanMilliseconds, `${name}: ${fastest.toFixed(1)} ms`);
  }
  const bodies: [path: string, field: string, piece: string][] = [
    ['login', 'email', 'a.'],
    ['login', 'email', '@'],
    ['login', 'email', ' '],
    ['login', 'device_name', ' '],
    ['login', 'device_id', '!'],
    ['refresh', 'refresh_token', 'rt_'],
    ['register', 'password', 'ab '],
  ];
  for (const [path, field, piece] of bodies) {
    const body = { email: 'x', password: 'y', [field]: `${piece.repeat(7_000 / piece.length)}\n` };
    const fastest = await quickest(() => call('POST', `/auth/${path}`, { body }));
    t.ok(fastest < scanMilliseconds, `${field} of ${JSON.stringify(piece)}: ${fastest.toFixed(1)} ms`);
  }
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]));
  const answer = await call('POST', '/auth/logout-all', { token, body: many });
  t.equal(answer.status, 400);
  t.equal(answer.body.errors.length, 1, 'of a thousand faults one is told');
};

/** The machine may be busy, so the best of five counts: what is slow by itself is slow each time. */
async function quickest(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let count = 0; count < 5; count += 1) {
    const begun = performance.now();
    await work();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}

const redirects: Rows = async (t, { httpPort }) => {
  for (const target of [
    '/docs',
    '/docs/',
    '//evil.example/docs',
    '/docs//evil.example',
    '/docs/static//evil.example/..',
    '/docs/static/%2f%2fevil.example',
    '//evil.example/%2e%2e',
    '/\\evil.example',
    '/auth/login?return_to=https://evil.example',
    'https://evil.example/docs',
  ]) {
    const { text } = await sendRaw(httpPort, rawRequest(`GET ${target}`, []));
    const [, location = '/docs/'] = /\r\nlocation: (.*)\r\n/i.exec(text) ?? [];
    t.match(location, /^(\/docs\/|\.\/?)/, `${target} leads nowhere else`);
    t.notMatch(location, 'evil', target);
  }
};

const tables: Readonly<Record<string, Rows>> = {
  'prototypes in bodies and queries (H1)': prototypes,
  'spellings of the content type, as bytes (H2)': contentTypes,
  'bodies that are too large, or compressed (H3)': sizes,
  'lengths and chunks that two servers read differently (H5)': smuggling,
  'what is one request, and what are several (H5)': framing,
  'headers made of what was sent (H6)': splitting,
  'a parameter or member that is there twice (H7)': pollution,
  'redirects (H10)': redirects,
  'other spellings of paths and methods (H14)': paths,
  'every route that is not for everybody asks for a token, HEAD too (H14)': guarded,
  'answers about people in caches (H15)': caches,
  'input on which a pattern could get stuck (H16)': patterns,
};
