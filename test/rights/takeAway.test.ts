/** A right that was taken away, as a service with a guard sees it, while the session lives on. */

import t, { type Test } from 'tap';
import { rightsLimits } from '../../src/rights/limits.ts';
import { startAuthority, type Tokens } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { aGuard, said } from '../support/guards.ts';
import { totpAt } from '../support/secondFactor.ts';

const audience = 'orders.example';
const operator = { name: 'operator' };
const email = 'alice@example.com';
const alice = { email };
const resource = {
  audience,
  scopes: ['orders.read', 'orders.write'],
  everyone: ['orders.read'],
  accessTtlMs: undefined,
};

async function open(t: Test) {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const {
    call,
    serviceToken,
    grpcPort,
    authority: { operations },
  } = authority;
  const options = { serviceToken, audience, issuer: 'http://127.0.0.1:8080' };
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options);
  await operations.setResource(resource, operator);
  await operations.setRole({ name: 'clerk', audience, scopes: ['orders.write'] }, operator);
  await authority.register(email);
  await guard.ready();
  const logIn = async (): Promise<Tokens> => {
    const password = 'correct horse battery staple';
    const answer = await call('POST', '/auth/login', { body: { email, password, audience } });
    t.equal(answer.status, 200);
    return answer.body;
  };
  const refresh = async (tokens: Tokens): Promise<Tokens> => {
    const body = { refresh_token: tokens.refresh_token, audience };
    const answer = await call('POST', '/auth/refresh', { body });
    t.equal(answer.status, 200, 'the session lives on');
    return answer.body;
  };
  return { ...authority, operations, guard, logIn, refresh };
}

const carried = ({ access_token: token }: Tokens) => {
  const { scope, roles, aud } = claimsOf(token);
  return { scope, roles, aud };
};

t.test('a role: granted, taken away, and gone from the next token', async (t) => {
  const { operations, guard, logIn, refresh, grpc, authority } = await open(t);
  const before = await logIn();
  t.strictSame(carried(before), { scope: 'account orders.read', roles: undefined, aud: audience });
  t.strictSame(await operations.grantRole({ role: 'clerk', user: alice }, operator), {
    sessions: 0,
    effect: undefined,
  });
  t.equal(await said(guard, before.access_token), 'accepted', 'a right more refuses nothing');
  const clerk = await refresh(before);
  t.strictSame(carried(clerk), {
    scope: 'account orders.read orders.write',
    roles: ['clerk'],
    aud: audience,
  });
  t.match(await guard.verify(clerk.access_token), { roles: ['clerk'] });

  const dry = await operations.takeRole({ role: 'clerk', user: alice }, operator, { dryRun: true });
  t.strictSame(dry, { sessions: 1, effect: undefined });
  t.equal(await said(guard, clerk.access_token), 'accepted', 'a dry run changes nothing');

  const { sessions, effect } = await operations.takeRole({ role: 'clerk', user: alice }, operator);
  t.equal(sessions, 1);
  t.ok((effect?.milliseconds ?? Number.NaN) > 0);
  for (const { access_token: token } of [clerk, before]) {
    t.equal(await said(guard, token), '401 invalid_token revoked');
    t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true, reason: 'REASON_RIGHTS' });
  }
  const after = await refresh(clerk);
  t.strictSame(carried(after), { scope: 'account orders.read', roles: undefined, aud: audience });
  t.equal(after.session_id, before.session_id);
  t.equal(await said(guard, after.access_token), 'accepted');
  t.match(await grpc.isRevoked(claimsOf(after.access_token).jti), { revoked: false });

  const again = await operations.takeRole({ role: 'clerk', user: alice }, operator);
  t.strictSame(again, { sessions: 0, effect: undefined }, 'again: nothing is taken away');
  t.equal(await said(guard, after.access_token), 'accepted');
  const types = (await authority.operations.listAudit({})).map(({ type }) => type);
  for (const type of ['resource_set', 'role_set', 'role_granted', 'role_taken'])
    t.ok(types.includes(type), type);
});

t.test('a role that asks for a second factor from now on', async (t) => {
  const { operations, guard, logIn, refresh, call } = await open(t);
  await operations.grantRole({ role: 'clerk', user: alice }, operator);
  const before = await logIn();
  t.match(carried(before), { roles: ['clerk'] });
  const careful = { name: 'clerk', audience, scopes: ['orders.write'], secondFactor: true };
  t.match(await operations.setRole(careful, operator), { sessions: 1 });
  t.equal(await said(guard, before.access_token), '401 invalid_token revoked', 'one factor is not enough');
  const one = await refresh(before);
  t.match(
    carried(one),
    { roles: undefined, scope: 'account orders.read' },
    'the session lives on without it',
  );
  t.equal((await operations.setRole(careful, operator)).sessions, 0, 'nothing is taken twice');
  const { secondFactor: _, ...scopesOnly } = careful;
  await operations.setRole(scopesOnly, operator);

  const body = { email, password: 'correct horse battery staple', audience };
  const asked = await call('POST', '/auth/login', { body });
  t.match(asked, { status: 403, body: { code: 'second_factor_required', factors: [], enrolment: ['totp'] } });
  const { login_token } = asked.body;
  const { secret } = (await call('POST', '/auth/login/factor/enrol', { body: { login_token } })).body;
  const proof = { login_token, totp: totpAt(secret, Date.now()) };
  const two = await call('POST', '/auth/login/factor', { body: proof });
  t.match(carried(two.body), { roles: ['clerk'], scope: 'account orders.read orders.write' });
  t.equal(await said(guard, two.body.access_token), 'accepted');

  const token = two.body.access_token;
  let refreshToken = two.body.refresh_token;
  const ofAccount = async () => {
    const { body } = await call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } });
    refreshToken = body.refresh_token;
    return { token: body.access_token };
  };
  const own = await ofAccount();
  const [factor] = (await call('GET', '/auth/factors', own)).body.factors;
  t.match(await call('DELETE', `/auth/factors/${factor.id}`, own), {
    status: 409,
    body: { code: 'last_way_in' },
  });
  await operations.takeRole({ role: 'clerk', user: alice }, operator);
  t.equal(await said(guard, token), '401 invalid_token revoked');
  t.equal((await call('DELETE', `/auth/factors/${factor.id}`, await ofAccount())).status, 204);
  t.equal(
    (await call('POST', '/auth/login', { body })).status,
    200,
    'without the role, the password is enough',
  );
});

t.test('a role that is worth less, for all who have it, page by page', async (t) => {
  const { operations, guard, logIn, refresh, register, login } = await open(t);
  await register('bob@example.com');
  for (const user of [alice, { email: 'bob@example.com' }])
    await operations.grantRole({ role: 'clerk', user }, operator);
  await register('carol@example.com');
  const carol = await login('carol@example.com');
  const [one, other] = [await logIn(), await logIn()];
  const more = await operations.setRole(
    { name: 'clerk', audience, scopes: ['orders.write', 'orders.read'] },
    operator,
  );
  t.equal(more.sessions, 0, 'worth more refuses nothing');
  const less = await operations.setRole({ name: 'clerk', audience, scopes: [] }, operator);
  t.equal(less.sessions, 2);
  for (const each of [one, other]) {
    t.equal(await said(guard, each.access_token), '401 invalid_token revoked');
    t.strictSame(carried(await refresh(each)), {
      scope: 'account orders.read',
      roles: ['clerk'],
      aud: audience,
    });
  }
  t.match(await guard.verify((await refresh(await logIn())).access_token), { roles: ['clerk'] });
  t.equal(carol.session_id.length, 36);
  const gone = await operations.removeRole({ name: 'clerk' }, operator);
  t.equal(gone.sessions, 3);
  t.strictSame(await operations.listRoles(), []);
  t.strictSame(await operations.listGrants({ user: alice }), []);
});

t.test('a resource: less scopes, a shorter life, gone', async (t) => {
  const { operations, guard, logIn, refresh, call, login } = await open(t);
  const [here, elsewhere] = [await logIn(), await login(email)];
  const fewer = { ...resource, scopes: ['orders.write'], everyone: [] };
  t.equal((await operations.setResource(fewer, operator)).sessions, 2);
  t.equal(await said(guard, here.access_token), '401 invalid_token revoked');
  t.equal(
    (await call('GET', '/auth/me', { token: elsewhere.access_token })).status,
    401,
    'everybody refreshes once',
  );
  const smaller = await refresh(here);
  t.strictSame(carried(smaller), { scope: 'account', roles: undefined, aud: audience });
  await operations.setResource({ ...fewer, accessTtlMs: 60_000 }, operator);
  t.equal(await said(guard, smaller.access_token), '401 invalid_token revoked');
  const short = await refresh(smaller);
  t.equal(short.expires_in, 60);
  const { iat, exp } = claimsOf(short.access_token) as unknown as { iat: number; exp: number };
  t.equal(exp - iat, 60);
  await operations.removeResource(audience, operator);
  t.equal(await said(guard, short.access_token), '401 invalid_token revoked');
  t.match(await call('POST', '/auth/refresh', { body: { refresh_token: short.refresh_token, audience } }), {
    status: 400,
    body: { errors: [{ field: 'audience', rule: 'declared' }] },
  });
  t.equal(
    (await call('POST', '/auth/refresh', { body: { refresh_token: short.refresh_token } })).status,
    200,
  );
});

t.test('a role until a time', async (t) => {
  const { operations, guard, logIn, refresh } = await open(t);
  const until = Date.now() + 30_000;
  await operations.grantRole({ role: 'clerk', user: alice, expiresAt: until }, operator);
  const short = await logIn();
  const { exp } = claimsOf(short.access_token) as unknown as { exp: number };
  t.ok(exp * 1000 <= until && exp * 1000 > until - 1_000, 'no token that carries it lives longer');
  const earlier = { role: 'clerk', user: alice, expiresAt: until - 10_000 };
  t.equal((await operations.grantRole(earlier, operator)).sessions, 1, 'an earlier end takes away');
  t.equal(await said(guard, short.access_token), '401 invalid_token revoked');
  t.equal(
    (await operations.grantRole({ role: 'clerk', user: alice }, operator)).sessions,
    0,
    'a later one gives',
  );
  t.equal((await refresh(short)).expires_in, 900);
});

t.test('what is refused, by field and rule', async (t) => {
  const { operations } = await open(t);
  const long = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(30, 'x'));
  const refusals: readonly [
    string,
    () => Promise<unknown>,
    { code?: string; field?: string; rule?: string },
  ][] = [
    [
      'no such role',
      () => operations.grantRole({ role: 'nobody', user: alice }, operator),
      { code: 'not_found' },
    ],
    [
      'no such user',
      () => operations.grantRole({ role: 'clerk', user: { email: 'x@example.com' } }, operator),
      { code: 'not_found' },
    ],
    [
      'a name',
      () => operations.setRole({ name: 'Not a name', audience, scopes: [] }, operator),
      { field: 'role', rule: 'format' },
    ],
    [
      'no such audience',
      () => operations.setRole({ name: 'a', audience: 'x', scopes: [] }, operator),
      { code: 'not_found' },
    ],
    [
      'no such scope',
      () => operations.setRole({ name: 'a', audience, scopes: ['x'] }, operator),
      { field: 'scopes', rule: 'declared' },
    ],
    [
      'a scope with a space',
      () => operations.setResource({ ...resource, scopes: ['a b'], everyone: [] }, operator),
      { field: 'scopes', rule: 'format' },
    ],
    [
      'the scope of the account',
      () => operations.setResource({ ...resource, scopes: ['account'], everyone: [] }, operator),
      { field: 'scopes', rule: 'reserved' },
    ],
    [
      'too many scopes',
      () => operations.setResource({ ...resource, scopes: long, everyone: [] }, operator),
      { field: 'scopes', rule: 'length' },
    ],
    [
      'a scope of everyone that is none',
      () => operations.setResource({ ...resource, everyone: ['x'] }, operator),
      { field: 'everyone', rule: 'declared' },
    ],
    [
      'a life longer than any',
      () => operations.setResource({ ...resource, accessTtlMs: 900_001 }, operator),
      { field: 'lifetime', rule: 'range' },
    ],
    [
      'an end in the past',
      () => operations.grantRole({ role: 'clerk', user: alice, expiresAt: 1 }, operator),
      { field: 'expires_at', rule: 'range' },
    ],
  ];
  for (const [what, run, { code = 'invalid_request', field, rule }] of refusals)
    await t.rejects(run(), { code, ...(field === undefined ? {} : { errors: [{ field, rule }] }) }, what);
  for (let count = 0; count < rightsLimits.rolesOfSubject; count += 1) {
    await operations.setRole({ name: `r${count}`, audience, scopes: [] }, operator);
    await operations.grantRole({ role: `r${count}`, user: alice }, operator);
  }
  await t.rejects(operations.grantRole({ role: 'clerk', user: alice }, operator), {
    errors: [{ field: 'role', rule: 'count' }],
  });
});
