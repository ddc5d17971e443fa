/** Bad input at `/oauth2/`: each refusal by the word that the RFC has for it. */
import { SignJWT } from 'jose';
import t, { type Test } from 'tap';
import { claimsOf } from '../support/clients.ts';
import { aKey, basic, type FormPost, operator, startIssuer } from '../support/oauthClients.ts';

const audience = 'orders.example';
const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessType = 'urn:ietf:params:oauth:token-type:access_token';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

async function open(test: Test) {
  const opened = await startIssuer(test);
  const { operations, client, register } = opened;
  await operations.setResource(
    { audience, scopes: ['read'], everyone: ['read'], accessTtlMs: undefined },
    operator,
  );
  await register('alice@example.com');
  const reader = await client('reader', { permissions: ['tokens.introspect', 'tokens.exchange'] });
  const [plain, spa] = [await client('plain'), await client('spa', { kind: 'app', isPublic: true })];
  const third = await client('third', { kind: 'third_party' });
  return { ...opened, reader, plain, spa, third };
}

t.test('refusals', async (t) => {
  const { form, reader, plain, spa, third, login, operations } = await open(t);
  const as = basic(plain.id, plain.secret);
  const own = { grant_type: 'client_credentials' };
  const { access_token: parent, refresh_token } = await login('alice@example.com');
  const exchange = { grant_type: exchangeType, subject_token: parent, subject_token_type: accessType };
  const asReader = basic(reader.id, reader.secret);
  const token = '/oauth2/token';
  type Row = readonly [what: string, ...Parameters<FormPost>, status: number, error: string];
  const rows: readonly Row[] = [
    ['no grant type', token, {}, as, 400, 'invalid_request'],
    ['an unknown grant', token, { grant_type: 'password' }, as, 400, 'unsupported_grant_type'],
    ['a name of the prototype', token, { grant_type: 'constructor' }, as, 400, 'unsupported_grant_type'],
    ['no client', token, own, {}, 401, 'invalid_client'],
    ['a wrong secret', token, own, basic(plain.id, reader.secret), 401, 'invalid_client'],
    ['an invented secret', token, own, basic(plain.id, `st_${'a'.repeat(43)}`), 401, 'invalid_client'],
    ['an unknown client', token, own, basic('nobody', plain.secret), 401, 'invalid_client'],
    [
      'a confidential client by its name alone',
      token,
      { ...own, client_id: plain.id },
      {},
      401,
      'invalid_client',
    ],
    ['an unknown name', token, { ...own, client_id: 'x' }, {}, 401, 'invalid_client'],
    ['another scheme', token, own, { authorization: 'Digest x' }, 401, 'invalid_client'],
    ['Basic without a colon', token, own, { authorization: 'Basic eA==' }, 401, 'invalid_client'],
    ['Basic, badly encoded', token, own, { authorization: `Basic ${btoa('%E0:x')}` }, 401, 'invalid_client'],
    [
      'two ways at once',
      token,
      { ...own, client_id: plain.id, client_secret: plain.secret },
      as,
      400,
      'invalid_request',
    ],
    ['two names', token, { ...own, client_id: reader.id }, as, 400, 'invalid_request'],
    [
      'a parameter twice',
      token,
      'grant_type=client_credentials&grant_type=client_credentials',
      as,
      400,
      'invalid_request',
    ],
    ['parameters in the address', `${token}?grant_type=client_credentials`, own, as, 400, 'invalid_request'],
    ['a secret in the address', `${token}?client_secret=x`, own, {}, 400, 'invalid_request'],
    [
      'JSON',
      token,
      JSON.stringify(own),
      { ...as, 'content-type': 'application/json' },
      400,
      'invalid_request',
    ],
    [
      'several resources',
      token,
      'grant_type=client_credentials&resource=a&resource=b',
      as,
      400,
      'invalid_target',
    ],
    ['resource and audience', token, { ...own, resource: 'a', audience: 'b' }, as, 400, 'invalid_target'],
    ['an unknown resource', token, { ...own, resource: 'nobody.example' }, as, 400, 'invalid_target'],
    [
      'a scope it was not given',
      token,
      { ...own, resource: audience, scope: 'read' },
      as,
      400,
      'invalid_scope',
    ],
    ['a scope of two blanks', token, { ...own, scope: 'a  b' }, as, 400, 'invalid_scope'],
    ['a scope with quotes', token, { ...own, scope: '"a"' }, as, 400, 'invalid_scope'],
    ['a public client for itself', token, { ...own, client_id: spa.id }, {}, 400, 'unauthorized_client'],
    [
      'a client of somebody else for itself',
      token,
      own,
      basic(third.id, third.secret),
      400,
      'unauthorized_client',
    ],
    ['no refresh token', token, { grant_type: 'refresh_token' }, as, 400, 'invalid_request'],
    [
      'an invented refresh token',
      token,
      { grant_type: 'refresh_token', refresh_token: 'rt_x' },
      as,
      400,
      'invalid_grant',
    ],
    [
      'the refresh token of another client',
      token,
      { grant_type: 'refresh_token', refresh_token },
      as,
      400,
      'invalid_grant',
    ],
    ['exchange without the permission', token, exchange, as, 400, 'unauthorized_client'],
    ['exchange of nothing', token, { grant_type: exchangeType }, asReader, 400, 'invalid_request'],
    ['exchange of garbage', token, { ...exchange, subject_token: 'x' }, asReader, 400, 'invalid_request'],
    [
      'exchange of a refresh token',
      token,
      { ...exchange, subject_token: refresh_token },
      asReader,
      400,
      'invalid_request',
    ],
    [
      'exchange of another kind',
      token,
      { ...exchange, subject_token_type: 'x' },
      asReader,
      400,
      'invalid_request',
    ],
    [
      'exchange for another kind',
      token,
      { ...exchange, requested_token_type: 'x' },
      asReader,
      400,
      'invalid_request',
    ],
    ['exchange with an actor', token, { ...exchange, actor_token: 'x' }, asReader, 400, 'invalid_request'],
    [
      'exchange to a scope that the parent lacks',
      token,
      { ...exchange, audience, scope: 'read' },
      asReader,
      400,
      'invalid_scope',
    ],
    ['exchange to the account', token, { ...exchange, scope: 'account' }, asReader, 400, 'invalid_scope'],
    [
      'introspection without the permission',
      '/oauth2/introspect',
      { token: parent },
      as,
      400,
      'unauthorized_client',
    ],
    ['introspection of nothing', '/oauth2/introspect', {}, asReader, 400, 'invalid_request'],
    ['introspection by nobody', '/oauth2/introspect', { token: parent }, {}, 401, 'invalid_client'],
    [
      'revocation of another client’s token',
      '/oauth2/revoke',
      { token: parent },
      as,
      400,
      'unauthorized_client',
    ],
    [
      'revocation of another’s refresh token',
      '/oauth2/revoke',
      { token: refresh_token },
      as,
      400,
      'unauthorized_client',
    ],
    ['revocation of nothing', '/oauth2/revoke', {}, as, 400, 'invalid_request'],
  ];
  for (const [what, path, fields, headers, status, error] of rows) {
    const answer = await form(path, fields, headers);
    t.match(answer, { status, body: { error, error_description: String } }, what);
    t.equal(answer.headers.get('cache-control'), 'no-store', what);
    t.match(answer.body.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, what);
    t.equal(
      answer.headers.get('www-authenticate'),
      status === 401 ? 'Basic realm="countersign"' : null,
      what,
    );
  }
  t.equal((await form(token, own, as)).status, 200, 'the client itself is good');
  t.match(
    await form('/oauth2/revoke', { token: 'x' }, as),
    { status: 200 },
    'a token that is none (RFC 7009 §2.2)',
  );

  await operations.disableClient('plain', operator);
  t.match(
    await form(token, own, as),
    { status: 401, body: { error: 'invalid_client' } },
    'a disabled client',
  );
  await operations.enableClient('plain', operator);
});

t.test('client assertions', async (t) => {
  const { form, issuer, client } = await startIssuer(t);
  const { jwks, privateKey } = aKey();
  const { id } = await client('signing', { jwks });
  const another = aKey();
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: id, sub: id, aud: issuer as string | string[], iat: now, exp: now + 60, jti: 'one' };
  const sign = (more: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = privateKey) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
  const ask = async (assertion: string, more: Record<string, string> = {}) =>
    form('/oauth2/token', {
      ...{ grant_type: 'client_credentials', client_assertion_type: assertionType },
      ...{ client_assertion: assertion, ...more },
    });
  t.equal((await ask(await sign())).status, 200);
  const rows: readonly [what: string, assertion: string][] = [
    ['the same again', await sign()],
    ['another key', await sign({ jti: 'a' }, {}, another.privateKey)],
    ['the audience of the endpoint', await sign({ jti: 'b', aud: `${issuer}/oauth2/token` })],
    ['a list of audiences', await sign({ jti: 'c', aud: [issuer, 'https://other.example'] })],
    ['expired', await sign({ jti: 'd', exp: now - 60, iat: now - 120 })],
    ['an hour of life', await sign({ jti: 'e', exp: now + 3_600 })],
    ['from the future', await sign({ jti: 'f', iat: now + 60 })],
    ['without an id', await sign({ jti: undefined })],
    ['a long id', await sign({ jti: 'x'.repeat(300) })],
    ['another issuer', await sign({ jti: 'g', iss: 'x' })],
    ['another subject', await sign({ jti: 'h', sub: 'x' })],
    ['an access token', await sign({ jti: 'i' }, { typ: 'at+jwt' })],
    ['nonsense', 'x'],
    ['9 kB', 'x'.repeat(9_000)],
  ];
  for (const [what, assertion] of rows)
    t.match(await ask(assertion), { status: 401, body: { error: 'invalid_client' } }, what);
  t.match(await ask(await sign({ jti: 'j' }), { client_id: 'x' }), { status: 401 }, 'another client_id');
  t.match(
    await ask(await sign({ jti: 'k' }), { client_assertion_type: 'x' }),
    { status: 400, body: { error: 'invalid_request' } },
    'another type',
  );
  const both = await Promise.all([sign({ jti: 'once' }), sign({ jti: 'once' })]);
  const answers = await Promise.all(both.map((each) => ask(each)));
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 401], 'the same id twice at once');
});

t.test('global revocation: everything of a user, with effect', async (t) => {
  const { call, client, register, login, grpc, issuer } = await startIssuer(t);
  await register('alice@example.com');
  const { secret } = await client('directory', { permissions: ['users.logout'] });
  const plain = await client('plain');
  const path = '/oauth2/global-token-revocation';
  const revoke = (sub_id: unknown, token = secret) => call('POST', path, { token, body: { sub_id } });
  for (const subjectOf of [
    (sub: string) => ({ format: 'iss_sub', iss: issuer, sub }),
    (sub: string) => ({ format: 'opaque', id: sub }),
    () => ({ format: 'email', email: 'alice@example.com' }),
  ]) {
    const { access_token: token } = await login('alice@example.com');
    const answer = await revoke(subjectOf(claimsOf(token).sub));
    t.equal(answer.status, 204);
    t.match(answer.headers.get('server-timing'), /^effect;dur=/);
    t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true });
  }
  t.equal((await revoke({ format: 'iss_sub', iss: 'https://other.example', sub: 'x' })).status, 404);
  t.equal((await revoke({ format: 'opaque', id: 'x' })).status, 404);
  t.equal((await revoke({ format: 'phone_number', phone_number: '+1' })).status, 400);
  t.equal((await revoke({ format: 'opaque', id: 'x' }, plain.secret)).status, 403);
  t.equal((await revoke({ format: 'opaque', id: 'x' }, 'nobody')).status, 401);
});

t.test('a client: rights of its own, taken away; disabled', async (t) => {
  const { form, client, operations, grpc } = await startIssuer(t);
  await operations.setResource(
    { audience, scopes: ['read', 'write'], everyone: ['read'], accessTtlMs: undefined },
    operator,
  );
  await operations.setRole({ name: 'robot', audience, scopes: ['write'] }, operator);
  const { id, secret } = await client('robot');
  const ask = async () => {
    const fields = { grant_type: 'client_credentials', resource: audience };
    const answer = await form('/oauth2/token', fields, basic('robot', secret));
    return { ...answer.body, claims: answer.status === 200 ? claimsOf(answer.body.access_token) : undefined };
  };
  t.match(await ask(), { scope: '' }, 'what every user has is not for clients');
  await operations.grantRole({ role: 'robot', client: 'robot' }, operator);
  const given = await ask();
  t.match(given, { scope: 'write', claims: { roles: ['robot'], sub: id } });
  t.match(await operations.takeRole({ role: 'robot', client: id }, operator), { sessions: 1 });
  t.match(await grpc.isRevoked(given.claims?.jti ?? ''), { revoked: true, reason: 'REASON_RIGHTS' });
  const after = await ask();
  t.match(after, { scope: '', claims: { sid: given.claims?.sid } }, 'the session lives on');
  await operations.disableClient('robot', operator);
  t.match(await grpc.isRevoked(after.claims?.jti ?? ''), { revoked: true, reason: 'REASON_CLIENT_DISABLED' });
  await operations.enableClient('robot', operator);
  const again = await ask();
  t.not(again.claims?.sid, given.claims?.sid, 'a new session');
});
