/** `POST /api/{service}/{method}`: what gRPC answers, as JSON, for whoever may ask it. */
import { loadDefinitions, serviceNames } from '@countersign/verifier/contract/definitions';
import t from 'tap';
import type { permissions } from '../../../src/services/service.ts';
import { apiOfTests, newAdministrator, newUserWith } from '../../support/administrator.ts';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import type { Answer } from '../../support/clients.ts';
import { methods } from '../../support/grpcMethods.ts';
import { createRpcClient } from '../../support/rpcClient.ts';
import { createShiftedClock } from '../../support/shiftedClock.ts';

const because = { 'countersign-reason': encodeURIComponent('Prüfung №7') };
const { v1 } = loadDefinitions();

/** `service/method` of every method, with its row. */
const rows = serviceNames.flatMap((service) =>
  Object.entries(v1[service].service).map(([method, { requestStream, responseStream }]) => ({
    path: `/api/${service}/${method}`,
    ...{ service, method, requestStream, responseStream },
    row: methods[method as keyof typeof methods] as { permission: string; act?: 'changes' | 'ends' },
  })),
);
const unary = rows.filter(({ requestStream, responseStream }) => !requestStream && !responseStream);

async function serviceWith(
  authority: TestAuthority,
  name: string,
  own: readonly (typeof permissions)[number][],
) {
  const { createService } = authority.authority.operations;
  return (await createService({ name, permissions: own }, { name: 'operator' })).token;
}

t.test('the table of permissions, method by method', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com');
  const nobody = await newUserWith(authority, 'nobody@example.com', ['other']);
  const none = await serviceWith(authority, 'none', []);

  for (const { path, row, method } of unary) {
    const post = (token?: string, body: unknown = {}) =>
      call('POST', path, { body, headers: because, ...(token === undefined ? {} : { token }) });
    t.match(await post(), { status: 401, body: { code: 'token_required' } }, `${method} without a token`);
    t.match(
      await post('st_x'),
      { status: 401, body: { code: 'invalid_token' } },
      `${method} with none of ours`,
    );
    // What Revoke needs depends on its target.
    const asked = method === 'Revoke' ? { user_id: admin.userId } : {};
    for (const [who, token] of [
      ['a user', nobody.token],
      ['a service', none],
    ] as const)
      t.match(
        await post(token, asked),
        { status: 403, body: { code: 'permission_denied' } },
        `${method} by ${who} without the right`,
      );
    // It is asked, whatever it says about an empty request.
    const answer = await post(admin.token, { not_a_field: 1 });
    t.match(
      answer,
      { status: 400, body: { errors: [{ field: 'not_a_field' }] } },
      `${method} by an administrator`,
    );
    if (row.act === undefined) continue;
    const unexplained = await call('POST', path, { body: {}, token: admin.token });
    t.match(
      unexplained,
      { status: 400, body: { errors: [{ field: 'countersign-reason', rule: 'required' }] } },
      `${method} changes something: it needs a reason`,
    );
  }
  const stream = await call('POST', '/api/RevocationService/WatchRevocations', {
    token: authority.serviceToken,
    body: {},
  });
  t.match(stream, { status: 501, body: { code: 'unimplemented' } });
  for (const path of ['/api/KeyService/Nothing', '/api/Nothing/ListKeys', '/api/KeyService/constructor'])
    t.match(await call('POST', path, { token: admin.token, body: {} }), { status: 404 }, path);
});

t.test('the same answers as gRPC', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call, serviceToken } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com');
  const rpc = createRpcClient(`127.0.0.1:${authority.grpcPort}`, serviceToken);
  t.teardown(() => rpc.close());
  const { userId: user_id } = admin;
  const reads: readonly (readonly [path: string, body: object])[] = [
    ['KeyService/ListKeys', {}],
    ['UserService/GetUser', { user_id }],
    ['UserService/ListUsers', { page_size: 1 }],
    // Of another type than what each reading adds.
    ['UserService/ListUserEvents', { user_id, page_size: '2', type: 'login_succeeded' }],
    ['SessionService/ListSessions', { user_id }],
    ['RoleService/ListRoles', {}],
    ['RoleService/ListResources', {}],
    ['RoleService/ListGrants', { role: 'admin' }],
    ['TokenService/Introspect', { token: 'none' }],
  ];
  for (const [path, body] of reads) {
    const byUser = await call('POST', `/api/${path}`, { token: admin.token, body });
    const byService = await call('POST', `/api/${path}`, { token: serviceToken, body: camel(body) });
    t.equal(byUser.status, 200, path);
    t.strictSame(byUser.body, byService.body, `${path}: names in either spelling, by either caller`);
    const overGrpc = await rpc.call(path.split('/')[1] ?? '', camel(body));
    t.strictSame(shape(byUser.body), shape(overGrpc), `${path}: as over gRPC`);
  }
  const { body } = await call('POST', '/api/KeyService/ListKeys', { token: admin.token });
  t.match(body.keys[0], {
    kid: /^[\w-]{43}$/,
    state: /^KEY_STATE_(NEXT|ACTIVE)$/,
    create_time_ms: /^\d{13}$/,
    retire_time_ms: '0',
  });
  t.equal(
    (await call('POST', '/api/KeyService/ListKeys', { token: admin.token })).headers.get('cache-control'),
    'no-store',
  );
});

t.test('what ends something says when it was in effect, who did it and why', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com');
  await authority.register('alice@example.com');
  const alice = await authority.login('alice@example.com');
  const end = { body: { session_id: alice.session_id }, token: admin.token, headers: because };
  const ended = await call('POST', '/api/SessionService/EndSession', end);
  t.match(ended, { status: 200, body: { ended: true, effect_time_ms: /^\d{13}$/ } });
  t.match(ended.headers.get('server-timing'), /^effect;dur=\d+\.\d$/);
  t.equal((await call('GET', '/auth/me', { token: alice.access_token })).status, 401);
  const [event] = await authority.authority.operations.listAudit({ type: 'session_ended', limit: 1 });
  t.match(event, { actor: `user:${admin.userId}`, detail: { why: 'Prüfung №7' }, ip: '127.0.0.1' });
  const dry = { body: { user_id: admin.userId, dry_run: true }, token: admin.token };
  const foreseen = await call('POST', '/api/RevocationService/Revoke', dry);
  t.match(
    foreseen,
    { status: 200, body: { matched_sessions: '1', ended_sessions: '0' } },
    'a dry run needs no reason',
  );
  t.equal(foreseen.headers.get('server-timing'), null);
});

t.test('who may go on', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const { operations } = authority.authority;
  const list = (token: string) => call('POST', '/api/KeyService/ListKeys', { token, body: {} });

  await t.test('a token for anything else is refused', async (t) => {
    const admin = await newAdministrator(authority, 'other@example.com');
    const { access_token: token } = (await authority.refresh(admin.refreshToken)).body;
    const answer = await list(token);
    t.match(answer, { status: 401, body: { code: 'invalid_token', detail: new RegExp(apiOfTests) } });
    const { body } = await call('GET', '/auth/me', { token: admin.token });
    t.match(body, { code: 'invalid_token' }, 'and one for the API is not for the account');
  });

  await t.test('a right that was taken away is refused at once, and nobody is logged out', async (t) => {
    const admin = await newAdministrator(authority, 'former@example.com');
    t.equal((await list(admin.token)).status, 200);
    await operations.takeRole({ role: 'admin', user: { email: 'former@example.com' } }, { name: 'operator' });
    t.match(await list(admin.token), { status: 401, body: { code: 'invalid_token' } });
    t.equal((await authority.refresh(admin.refreshToken)).status, 200);
  });

  await t.test('a session that ended is refused at once', async (t) => {
    const admin = await newAdministrator(authority, 'gone@example.com');
    await call('POST', '/auth/logout', { body: { refresh_token: admin.refreshToken } });
    t.match(await list(admin.token), { status: 401, body: { code: 'invalid_token' } });
  });

  await t.test('a session of the password alone is asked for a second factor', async (t) => {
    await authority.register('one@example.com');
    const tokens = await authority.login('one@example.com');
    await operations.makeAdmin({ email: 'one@example.com' }, { name: 'operator' });
    const body = { refresh_token: tokens.refresh_token, audience: apiOfTests };
    const { access_token: token } = (await call('POST', '/auth/refresh', { body })).body;
    const answer = await list(token);
    t.match(answer, { status: 401, body: { code: 'insufficient_user_authentication' } });
    t.match(answer.headers.get('www-authenticate'), /acr_values="2fa"/);
  });

  await t.test('no cookie is read', async (t) => {
    const answer = await call('POST', '/api/KeyService/ListKeys', {
      body: {},
      headers: { cookie: 'refresh=x' },
    });
    t.match(answer, { status: 401, body: { code: 'token_required' } });
  });
});

t.test('a proof of eleven minutes ago is too old for a change, and good for reading', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({ clock });
  t.teardown(() => authority.stop());
  const { call } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com', clock.now);
  const rotate = () => call('POST', '/api/KeyService/ResealKeys', { token: admin.token, headers: because });
  t.equal((await rotate()).status, 200);
  clock.shift(11 * 60_000);
  const answer = await rotate();
  t.match(answer, { status: 401, body: { code: 'insufficient_user_authentication' } });
  t.match(answer.headers.get('www-authenticate'), /max_age="600", acr_values="2fa"/);
  t.equal((await call('POST', '/api/KeyService/ListKeys', { token: admin.token })).status, 200);
});

t.test('bad bodies are refused by field and rule', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const post = (path: string, body: unknown) =>
    authority.call('POST', `/api/${path}`, { token: authority.serviceToken, body });
  const cases: readonly (readonly [path: string, body: unknown, errors: object])[] = [
    ['KeyService/RevokeKey', { kid: 1 }, { field: 'kid', rule: 'type' }],
    ['KeyService/RevokeKey', [], { field: 'body', rule: 'type' }],
    ['KeyService/RevokeKey', { kid: '\ud800' }, { field: 'kid', rule: 'format' }],
    ['SessionService/ListSessions', { user_id: 'x' }, { field: 'user_id', rule: 'format' }],
    ['SessionService/ListSessions', { page_size: 1.5 }, { field: 'page_size', rule: 'type' }],
    ['SessionService/ListSessions', { page_size: '9999999999' }, { field: 'page_size', rule: 'type' }],
    ['SessionService/ListSessions', { user_id: 'x', userId: 'y' }, { field: 'user_id', rule: 'unique' }],
    ['RevocationService/Revoke', { user_id: 'x', jti: 'y' }, { field: 'user_id', rule: 'exclusive' }],
    ['RevocationService/Revoke', { filter: { ip: {} } }, { field: 'filter.ip', rule: 'type' }],
    [
      'RevocationService/Revoke',
      { filter: { constructor: 1 } },
      { field: 'filter.constructor', rule: 'additionalProperties' },
    ],
    ['RevocationService/Revoke', {}, { field: 'target', rule: 'required' }],
    ['TokenService/IsRevoked', { subject: '!' }, { field: 'subject', rule: 'format' }],
    ['TokenService/BatchIsRevoked', { jtis: 'x' }, { field: 'jtis', rule: 'type' }],
    ['TokenService/BatchIsRevoked', { checks: [{}, { jti: 1 }] }, { field: 'checks.1.jti', rule: 'type' }],
    ['KeyService/RevokeKey', '{"kid":"x","kid":"y"}', { field: 'body', rule: 'unique' }],
    ['RevocationService/Revoke', '{"filter":{"ip":"x","ip":"y"}}', { field: 'body', rule: 'unique' }],
    ['KeyService/RevokeKey', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, { field: 'body', rule: 'type' }],
  ];
  for (const [path, body, error] of cases) {
    const answer: Answer = await post(path, body);
    t.match(
      answer,
      { status: 400, body: { code: 'invalid_request', errors: [error] } },
      `${path} ${String(JSON.stringify(body)).slice(0, 60)}`,
    );
  }
  const long = await post('KeyService/RevokeKey', { kid: 'x'.repeat(200_000) });
  t.match(long, { status: 413, body: { code: 'payload_too_large' } });
  const inPieces = await fetch(`http://127.0.0.1:${authority.httpPort}/api/KeyService/ListKeys`, {
    ...{ method: 'POST', body: new Blob(['{}']).stream(), duplex: 'half' },
    headers: { authorization: `Bearer ${authority.serviceToken}`, 'content-type': 'application/json' },
  });
  t.equal(inPieces.status, 413, 'of unknown length');
  for (const [text, isGood] of [
    ['x', true],
    ['x'.repeat(201), false],
    ['%', false],
    ['%20', false],
  ] as const) {
    const headers = { 'countersign-reason': text };
    const { status } = await authority.call('POST', '/api/KeyService/ListKeys', {
      token: authority.serviceToken,
      headers,
    });
    t.equal(status, isGood ? 200 : 400, `the reason ${text.slice(0, 10)}`);
  }
});

function camel(body: object): object {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** Of a message: names in one spelling, values as text. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(camel(value)).filter(([, each]) => each !== undefined && each !== null);
  return Object.fromEntries(
    members.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, each]) => [name, shape(each)]),
  );
}

t.test('lists have an order and pages, and a change of a client can be tried', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call } = authority;
  const admin = await newAdministrator(authority, 'admin@example.com');
  const post = (path: string, body: object, headers = {}) =>
    call('POST', `/api/${path}`, { token: admin.token, body, headers });
  for (const [path, name] of [
    ['UserService/ListUsers', 'create_time, create_time desc, email, email desc'],
    ['SessionService/FindSessions', 'create_time, create_time desc'],
    ['AuditService/ListEvents', 'time, time desc'],
    ['ClientService/ListClients', 'name, name desc, create_time, create_time desc'],
  ] as const) {
    for (const order_by of ['', ...name.split(', ')])
      t.equal((await post(path, { order_by })).status, 200, `${path} ${order_by}`);
    const field = { field: 'order_by', rule: 'enum', message: `must be one of ${name}` };
    for (const order_by of ['x', 'create_time asc', `${name.split(', ')[0]} DESC`])
      t.match(await post(path, { order_by }), { status: 400, body: { errors: [field] } }, order_by);
  }

  const client = { name: 'shop', kind: 'app', redirect_uris: ['https://a.example/'], scopes: ['read'] };
  t.equal((await post('ClientService/CreateClient', client, because)).status, 200);
  const names: string[] = [];
  let page_token = '';
  do {
    const { body } = await post('ClientService/ListClients', { page_size: 1, page_token });
    t.equal(body.clients.length, 1);
    names.push(body.clients[0].name);
    page_token = body.next_page_token;
  } while (page_token !== '');
  t.strictSame(names, names.toSorted());
  t.ok(names.includes('shop') && names.length > 1, names.join());
  for (const [field, value] of [
    ['page_size', 501],
    ['page_size', -1],
    ['page_token', 'x'],
  ] as const)
    t.match(
      await post('ClientService/ListClients', { [field]: value }),
      { status: 400, body: { errors: [{ field }] } },
      `${field} ${value}`,
    );
  const one = async () => (await post('ClientService/ListClients', { client: 'shop' })).body.clients;
  const [shop] = await one();
  t.equal((await post('ClientService/ListClients', { client: shop.client_id })).body.clients.length, 1);
  t.strictSame((await post('ClientService/ListClients', { client: 'nobody' })).body.clients, []);

  const change = { client: 'shop', fields: ['scopes'], scopes: [], etag: shop.etag };
  const tried = await post('ClientService/UpdateClient', { ...change, dry_run: true });
  t.match(tried, { status: 200, body: { sessions: '0', more: false } }, 'without a reason');
  t.strictSame(await one(), [shop], 'nothing is changed');
  const other = { client: 'shop', fields: ['scopes'], scopes: ['write'], etag: '' };
  t.equal((await post('ClientService/UpdateClient', other, because)).status, 200);
  for (const dry_run of [true, false])
    t.match(
      await post('ClientService/UpdateClient', { ...change, dry_run }, because),
      { status: 409, body: { code: 'changed_meanwhile' } },
      'it is another one now',
    );
  t.match(await one(), [{ scopes: ['write'] }]);
  const again = await post('ClientService/UpdateClient', { ...other, etag: shop.etag }, because);
  t.equal(again.status, 200, 'a repetition changes nothing');
});
