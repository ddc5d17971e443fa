/** What tokens of services and exchanged tokens may do, and what they must not. */
import t from 'tap';
import { type Answer, claimsOf } from '../support/clients.ts';
import { aGuard, said } from '../support/guards.ts';
import { basic, operator, startIssuer } from '../support/oauthClients.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const audience = 'orders.example';
const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessType = 'urn:ietf:params:oauth:token-type:access_token';

t.test('exchanged tokens', async (t) => {
  const clock = createShiftedClock();
  clock.shift(-5 * 60_000);
  const issuer = await startIssuer(t, { clock });
  const { operations, client, register, login, call, form, grpc, serviceToken, grpcPort } = issuer;
  const declare = (aud: string) =>
    operations.setResource(
      { audience: aud, scopes: ['read', 'delete'], everyone: [], accessTtlMs: undefined },
      operator,
    );
  await declare('countersign');
  await declare(audience);
  for (const aud of ['countersign', audience]) {
    await operations.setRole({ name: 'admin', audience: aud, scopes: ['read', 'delete'] }, operator);
    await operations.setRole({ name: 'reader', audience: aud, scopes: ['read'] }, operator);
  }
  await register('alice@example.com');
  const user = { email: 'alice@example.com' };
  for (const role of ['admin', 'reader']) await operations.grantRole({ role, user }, operator);
  const service = await client('orders', {
    permissions: ['tokens.exchange', 'tokens.introspect', 'tokens.revoke'],
  });
  const as = basic(service.id, service.secret);
  const exchange = async (token: string, more: Record<string, string> = {}) => {
    const fields = {
      grant_type: exchangeType,
      subject_token: token,
      subject_token_type: accessType,
      audience,
    };
    return form('/oauth2/token', { ...fields, ...more }, as);
  };
  const { access_token: parent } = await login('alice@example.com');
  t.match(claimsOf(parent), { scope: 'account delete read', roles: ['admin', 'reader'] });

  // A token of its own would live on when the parent has expired.
  clock.shift(5 * 60_000);
  const whole = (await exchange(parent)).body.access_token;
  t.match(claimsOf(whole), { scope: 'delete read', roles: ['admin', 'reader'] });
  const narrow = (await exchange(parent, { scope: 'read' })).body.access_token;
  t.match(claimsOf(narrow), { scope: 'read', roles: ['reader'] }, 'no role that is more than its scopes');
  for (const child of [whole, narrow])
    t.equal(claimsOf(child)['exp'], claimsOf(parent)['exp'], 'no longer than the parent');
  const [{ active }] = await Promise.all([grpc.introspect(narrow)]);
  t.equal(active, false, 'the audience is another one');

  for (const [method, path, body] of [
    ['GET', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['POST', '/auth/logout'],
    ['POST', '/auth/logout-all'],
    ['POST', '/auth/password', { current_password: 'x', new_password: 'y' }],
  ] as const)
    t.match(
      (await call(method, path, { token: narrow, ...(body && { body }) })).status,
      401,
      `${method} ${path}`,
    );
  const same = (await exchange(parent, { audience: 'countersign' })).body.access_token;
  t.equal(
    (await call('GET', '/auth/me', { token: same })).status,
    403,
    'for the account’s audience, but not of the account',
  );
  t.equal((await call('POST', '/auth/logout', { token: same })).status, 401);
  t.match(await grpc.isRevoked(claimsOf(parent).jti), { revoked: false });

  const { act } = (await grpc.introspect(same)) as unknown as { act: unknown };
  t.match(act, { sub: service.id }, 'gRPC says who acts');

  t.equal((await form('/oauth2/revoke', { token: parent }, as)).status, 200);
  for (const token of [whole, narrow, same])
    t.match(
      await grpc.isRevoked(claimsOf(token).jti),
      { revoked: true },
      'what came of a revoked token dies with it',
    );
  t.match(await exchange(parent), { status: 400, body: { error: 'invalid_request' } });

  const own = await form('/oauth2/token', { grant_type: 'client_credentials' }, as);
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], {
    serviceToken,
    audience: 'countersign',
    issuer: issuer.issuer,
  });
  await guard.ready();
  t.equal(await said(guard, own.body.access_token), 'accepted');
  const proved = await guard
    .verify(own.body.access_token, { maxAgeSeconds: 300 })
    .catch((error) => error.code);
  t.equal(proved, 'insufficient_user_authentication', 'no user proved anything');
  t.equal((await call('POST', '/auth/logout', { token: own.body.access_token })).status, 401);
});

t.test('a role is taken away while tokens with it are issued', async (t) => {
  const { operations, client, register, login, refresh, form, grpc } = await startIssuer(t);
  for (const aud of ['countersign', audience]) {
    const declared = { audience: aud, scopes: ['read', 'delete'], everyone: ['read'] };
    await operations.setResource({ ...declared, accessTtlMs: undefined }, operator);
    await operations.setRole({ name: 'admin', audience: aud, scopes: ['delete'] }, operator);
  }
  await register('alice@example.com');
  const of = { role: 'admin', user: { email: 'alice@example.com' } };
  const service = await client('orders', { permissions: ['tokens.exchange'] });
  const exchange = (token: string) =>
    form(
      '/oauth2/token',
      {
        ...{ grant_type: exchangeType, subject_token: token, subject_token_type: accessType, audience },
      },
      basic(service.id, service.secret),
    );
  const seen = { revoked: 0, smaller: 0, refused: 0 };
  const judge = async ({ status, body }: Answer) => {
    const { access_token: token } = body as { access_token?: string };
    if (token === undefined) {
      // Its parent was refused already.
      t.match({ status, body }, { status: 400, body: { error: 'invalid_request' } });
      return 'refused';
    }
    const { jti, scope } = claimsOf(token);
    if (!String(scope).split(' ').includes('delete')) return 'smaller';
    t.match(await grpc.isRevoked(jti), { revoked: true }, 'no token with the role is accepted');
    return 'revoked';
  };
  // Until each was seen: which one comes is chance.
  const isOpen = (round: number) => round < 4 || (round < 60 && Object.values(seen).includes(0));
  for (let round = 0; isOpen(round); round += 1) {
    await operations.grantRole(of, operator);
    const sessions = await Promise.all(Array.from({ length: 4 }, () => login('alice@example.com')));
    let taken = false;
    const answers: Answer[] = [];
    const keep = async (get: () => Promise<Answer>) => {
      do answers.push(await get());
      while (!taken);
    };
    const working = sessions.flatMap(({ access_token: parent, refresh_token: first }) => {
      let next = first;
      const refreshing = async () => {
        const answer = await refresh(next);
        next = answer.body.refresh_token;
        return answer;
      };
      return [keep(() => exchange(parent)), keep(refreshing)];
    });
    await operations.takeRole(of, operator);
    taken = true;
    await Promise.all(working);
    for (const answer of answers) seen[await judge(answer)] += 1;
  }
  t.comment(seen);
  for (const [what, count] of Object.entries(seen)) t.ok(count > 0, `some were ${what}`);
});
