/** Bad input over HTTP: 4xx problem+json that names the field, never 5xx, never a stack, and nothing happens. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { httpLimits } from '../../../src/transport/http/limits.ts';
import { password, startAuthority, type TestAuthority } from '../../support/authority.ts';
import type { CallOptions } from '../../support/clients.ts';

const json = { 'content-type': 'application/json' };
const credentials = { email: 'alice@example.com', password };

interface Row {
  readonly name: string;
  readonly call: readonly [method: string, path: string, options?: CallOptions];
  readonly status: number;
  readonly code: string;
  readonly field?: string;
}

/** A login whose body is this. */
const login = (body: unknown, headers = {}): Row['call'] => ['POST', '/auth/login', { body, headers }];

const rows = (live: string): readonly Row[] => [
  ...[
    ['an unknown field', { ...credentials, role: 'admin' }, 'role'],
    ['a field of the row', { ...credentials, token_version: 7 }, 'token_version'],
    ['a missing field', { email: 'alice@example.com' }, 'password'],
    ['a number', { ...credentials, email: 1 }, 'email'],
    ['null', { ...credentials, password: null }, 'password'],
    ['an array', { ...credentials, email: ['alice@example.com'] }, 'email'],
    ['an object', { ...credentials, password: { $ne: '' } }, 'password'],
    ['an empty string', { ...credentials, password: '' }, 'password'],
    ['a malformed e-mail', { ...credentials, email: 'alice' }, 'email'],
    ['NUL in an e-mail', { ...credentials, email: 'a\0@example.com' }, 'email'],
    ['a line break in an e-mail', { ...credentials, email: 'a@example.com\nbcc: x' }, 'email'],
    ['control characters in a device name', { ...credentials, device_name: 'a\u001b[2J' }, 'device_name'],
    ['text that turns around in a device name', { ...credentials, device_name: '\u202eabc' }, 'device_name'],
    ['a lone surrogate in a device name', { ...credentials, device_name: '\ud800' }, 'device_name'],
    ['a device name that is too long', { ...credentials, device_name: 'x'.repeat(101) }, 'device_name'],
    ['an array as body', [], 'body'],
    ['null as body', 'null', 'body'],
    ['a string as body', '"x"', 'body'],
    ['no body', '', 'body'],
    ['half a body', '{"email":', 'body'],
    ['two bodies', '{}{}', 'body'],
    ['__proto__', '{"__proto__":{"admin":true},"email":"a@example.com","password":"x"}', 'body'],
    [
      'constructor.prototype',
      '{"constructor":{"prototype":{}},"email":"a@example.com","password":"x"}',
      'body',
    ],
    ['constructor', '{"constructor":1,"email":"a@example.com","password":"x"}', 'constructor'],
  ].map(
    ([name, body, field]): Row => ({
      name: `${name}`,
      call: login(body),
      status: 400,
      code: 'invalid_request',
      field: `${field}`,
    }),
  ),
  ...[
    'application/json\ta',
    'application/json ;',
    'application/jsonp',
    'application/x-json',
    'text/json',
    'text/plain',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'garbage',
  ].map(
    (type): Row => ({
      name: `content type ${JSON.stringify(type)}`,
      call: login(credentials, { 'content-type': type }),
      status: 415,
      code: 'unsupported_media_type',
    }),
  ),
  {
    name: 'a compressed body',
    call: login('x', { ...json, 'content-encoding': 'gzip' }),
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    name: 'a body over 16 KB',
    call: login({ ...credentials, password: 'x'.repeat(httpLimits.httpBodyBytes) }),
    status: 413,
    code: 'payload_too_large',
  },
  {
    name: 'a password of 2 KB',
    call: ['POST', '/auth/register', { body: { ...credentials, password: 'xy z'.repeat(512) } }],
    status: 400,
    code: 'password_refused',
    field: 'password',
  },
  {
    name: 'a short password',
    call: ['POST', '/auth/register', { body: { ...credentials, password: 'fourteen chars' } }],
    status: 400,
    code: 'password_refused',
    field: 'password',
  },
  {
    name: 'a refresh token of nonsense',
    call: ['POST', '/auth/refresh', { body: { refresh_token: 'x' } }],
    status: 401,
    code: 'invalid_grant',
  },
  {
    name: 'a refresh token that is a number',
    call: ['POST', '/auth/refresh', { body: { refresh_token: 1 } }],
    status: 400,
    code: 'invalid_request',
    field: 'refresh_token',
  },
  {
    name: 'logout of nonsense',
    call: ['POST', '/auth/logout', { body: { refresh_token: 'x' } }],
    status: 401,
    code: 'invalid_grant',
  },
  {
    name: 'logout with an unknown field',
    call: ['POST', '/auth/logout', { body: { everywhere: true }, token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'everywhere',
  },
  {
    name: 'logout-all with a field',
    call: ['POST', '/auth/logout-all', { body: { user_id: 'x' }, token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'user_id',
  },
  { name: 'no token', call: ['GET', '/auth/me'], status: 401, code: 'token_required' },
  {
    name: 'another scheme',
    call: ['GET', '/auth/me', { headers: { authorization: 'Basic YTpi' } }],
    status: 401,
    code: 'invalid_token',
  },
  {
    name: 'two tokens',
    call: ['GET', '/auth/me', { headers: { authorization: `Bearer ${live} ${live}` } }],
    status: 401,
    code: 'invalid_token',
  },
  {
    name: 'an empty token',
    call: ['GET', '/auth/me', { headers: { authorization: 'Bearer ' } }],
    status: 401,
    code: 'invalid_token',
  },
  {
    name: 'a token in the query',
    call: ['GET', `/auth/me?access_token=${live}`],
    status: 401,
    code: 'token_required',
  },
  {
    name: 'a malformed session id',
    call: ['DELETE', '/auth/sessions/1', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'id',
  },
  {
    name: 'a session id in capitals',
    call: ['DELETE', '/auth/sessions/01A1FAB9-A651-7110-B074-C6D3CA537493', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'id',
  },
  {
    name: 'a session that is not there',
    call: ['DELETE', '/auth/sessions/00000000-0000-0000-0000-000000000000', { token: live }],
    status: 404,
    code: 'not_found',
  },
  {
    name: 'a page size of 0',
    call: ['GET', '/auth/sessions?page_size=0', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'page_size',
  },
  {
    name: 'a page size of 101',
    call: ['GET', '/auth/sessions?page_size=101', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'page_size',
  },
  {
    name: 'two page sizes',
    call: ['GET', '/auth/sessions?page_size=1&page_size=2', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'page_size',
  },
  {
    name: 'a malformed page token',
    call: ['GET', '/auth/sessions?page_token=x', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'page_token',
  },
  {
    name: 'an unknown parameter',
    call: ['GET', '/auth/sessions?user_id=x', { token: live }],
    status: 400,
    code: 'invalid_request',
    field: 'user_id',
  },
  { name: 'an unknown path', call: ['GET', '/auth'], status: 404, code: 'not_found' },
  { name: 'a trailing slash', call: ['GET', '/auth/me/', { token: live }], status: 404, code: 'not_found' },
  { name: 'a doubled slash', call: ['GET', '//auth/me', { token: live }], status: 404, code: 'not_found' },
  { name: 'capitals in a path', call: ['GET', '/auth/ME', { token: live }], status: 404, code: 'not_found' },
  { name: 'a file ending', call: ['GET', '/auth/me.css', { token: live }], status: 404, code: 'not_found' },
  { name: 'a broken escape', call: ['GET', '/auth/%zz'], status: 400, code: 'invalid_request' },
  { name: 'GET on logout', call: ['GET', '/auth/logout', { token: live }], status: 404, code: 'not_found' },
  { name: 'OPTIONS', call: ['OPTIONS', '/auth/me'], status: 404, code: 'not_found' },
];

t.test('every row is refused as it should be', async (t) => {
  // Limits that are off would be a warning.
  const authority = await startAuthority({ env: { RATE_LIMITS: '1000' } });
  t.teardown(() => authority.stop());
  await authority.register('alice@example.com');
  const { access_token: live } = await authority.login('alice@example.com');
  for (const { name, call, status, code, field } of rows(live)) {
    const answer = await authority.call(...call);
    t.match([answer.status, answer.body.code], [status, code], name);
    t.match(answer.headers.get('content-type'), /^application\/problem\+json/, `${name}: problem details`);
    t.match(
      answer.body,
      { type: `urn:countersign:error:${code}`, status, request_id: /^[0-9a-f-]{36}$/ },
      name,
    );
    if (field !== undefined)
      t.ok(
        answer.body.errors?.some((fault: { field: string }) => fault.field === field),
        `${name}: names ${field}`,
      );
    if (status === 401)
      t.match(answer.headers.get('www-authenticate'), /^Bearer realm=/, `${name}: challenge`);
    t.notMatch(
      JSON.stringify(answer.body),
      /node_modules|src\/|\bat \w+ \(|SELECT|prisma/i,
      `${name}: nothing of ours`,
    );
  }
  t.equal(({} as Record<string, unknown>)['admin'], undefined, 'no prototype was touched');
  t.equal(
    (await authority.call('GET', '/auth/me', { token: live })).status,
    200,
    'and the session is as it was',
  );
  t.equal((await authority.call('HEAD', '/auth/me')).status, 401, 'HEAD is as guarded as GET');
  await spellings(t, authority);
  await rawRequests(t, authority);
  t.notMatch(authority.log(), /"level":"(warn|error|fatal)"/, 'nothing of all this wakes anybody');
  t.notMatch(authority.log(), /eyJ|rt_[\w-]{20}|[$]argon2|correct horse/, 'and no secret was logged');
});

/** What is unusual but right is accepted, and validated like anything else. */
async function spellings(t: Test, { call }: TestAuthority): Promise<void> {
  for (const type of [
    'APPLICATION/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
  ]) {
    const good = await call('POST', '/auth/login', { body: credentials, headers: { 'content-type': type } });
    t.equal(good.status, 200, type);
    const bad = await call('POST', '/auth/login', {
      body: { ...credentials, x: 1 },
      headers: { 'content-type': type },
    });
    t.equal(bad.status, 400, `${type}, validated`);
  }
  const scheme = await call('GET', '/auth/me', { headers: { authorization: 'bearer x' } });
  t.equal(scheme.body.code, 'invalid_token', 'the scheme in small letters (RFC 9110 §11.1)');
}

/** What no HTTP client sends. */
async function rawRequests(t: Test, { httpPort }: TestAuthority): Promise<void> {
  for (const [name, bytes] of [
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a method that is none', 'FOO / HTTP/1.1\r\nhost: x\r\n\r\n'],
    [
      'both lengths',
      'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n{}',
    ],
    ['a folded header', 'GET /auth/me HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n'],
    [
      'headers over the limit',
      `GET /auth/me HTTP/1.1\r\nhost: x\r\nx-a: ${'b'.repeat(httpLimits.httpHeadersBytes)}\r\n\r\n`,
    ],
  ] as const) {
    const socket = connect(httpPort, '127.0.0.1');
    socket.write(bytes);
    const answer = await text(socket);
    t.match(answer, /^HTTP\/1\.1 (400|431) /, name);
    t.match(answer, /\r\ncontent-type: application\/problem\+json/, `${name}: problem details`);
    t.match(answer, /\r\nconnection: close/i, `${name}: and hangs up`);
  }
}
