/** A token for services is none for the account, and a token for the account is none for services. */
import { randomUUID } from 'node:crypto';
import t from 'tap';
import { password, startAuthority, type TestAuthority } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { aGuard, said } from '../../support/guards.ts';
import { createRevocationClient } from '../../support/revocationClient.ts';

const [forServices, forAccount] = ['countersign', 'countersign-account'] as const;
const email = 'alice@example.com';

/** What a bearer token can do under `/auth/`, but for ending its own session. */
const accountRoutes: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/auth/me'],
  ['GET', '/auth/sessions'],
  ['DELETE', `/auth/sessions/${randomUUID()}`],
  ['POST', '/auth/logout-others'],
  ['POST', '/auth/password', { current_password: password, new_password: password }],
  ['POST', '/auth/logout-all'],
  ['DELETE', '/auth/me', { current_password: 'wrong horse battery staple' }],
];

/** The routes that did not refuse the token as such. */
async function usableWith({ call }: TestAuthority, token: string): Promise<readonly string[]> {
  const usable = [];
  for (const [method, path, body] of accountRoutes) {
    const { status, body: answer } = await call(method, path, { token, ...(body && { body }) });
    if (status !== 401 || answer.code !== 'invalid_token') usable.push(`${method} ${path}`);
  }
  return usable;
}

t.test('two audiences', async (t) => {
  const authority = await startAuthority({ env: { ACCOUNT_AUDIENCE: forAccount } });
  t.teardown(() => authority.stop());
  const { call, grpc } = authority;
  const services = createRevocationClient(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(() => services.close());
  await authority.register(email);
  const login = async (audience?: string) =>
    (await call('POST', '/auth/login', { body: { email, password, ...(audience && { audience }) } })).body;

  t.test('login and refresh give a token for either; the session remembers none', async (t) => {
    const first = await login();
    t.equal(claimsOf(first.access_token)['aud'], forServices, 'for services, unless it is asked for');
    let { refresh_token: next } = first;
    for (const audience of [forAccount, forServices, undefined, forAccount, undefined]) {
      const body = { refresh_token: next, ...(audience && { audience }) };
      const { body: answer } = await call('POST', '/auth/refresh', { body });
      t.equal(claimsOf(answer.access_token)['aud'], audience ?? forServices);
      next = answer.refresh_token;
    }
    t.equal(claimsOf((await login(forAccount)).access_token)['aud'], forAccount);
    for (const audience of ['orders', `${forAccount} `, forAccount.toUpperCase(), '']) {
      for (const [path, body] of [
        ['/auth/login', { email, password, audience }],
        ['/auth/refresh', { refresh_token: next, audience }],
      ] as const) {
        const refusal = await call('POST', path, { body });
        t.match(refusal, { status: 400, body: { code: 'invalid_request', errors: [{ field: 'audience' }] } });
      }
    }
    t.equal(
      (await call('POST', '/auth/refresh', { body: { refresh_token: next } })).status,
      200,
      'nothing is used up',
    );
    const body = { refresh_token: next, audience: [forServices, forAccount] };
    t.equal((await call('POST', '/auth/refresh', { body })).status, 400, 'one of them, never both');
  });

  t.test('a service that is shown a token can log out its session, and nothing else', async (t) => {
    const { access_token: token } = await login();
    t.strictSame(await usableWith(authority, token), []);
    const refusal = await call('GET', '/auth/sessions', { token });
    t.match(refusal, {
      status: 401,
      body: {
        code: 'invalid_token',
        detail: /ask POST \/auth\/refresh for one with the audience "countersign-account"/,
      },
    });
    t.match(refusal.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/);
    const { body } = await authority.operations('GET', '/metrics');
    t.match(String(body), /refusals_total\{code="invalid_token",reason="other_audience"\} 8/);
    t.match(authority.log(), '"reason":"other_audience"');
    t.equal((await call('POST', '/auth/logout', { token })).status, 204);
    t.match(await grpc.isRevoked(claimsOf(token).jti), { revoked: true });
  });

  t.test('a token for the account can do all of that, and is none for services', async (t) => {
    const { access_token: token } = await login(forAccount);
    t.strictSame(await grpc.introspect(token).then(({ active, jti }) => [active, jti]), [false, '']);
    const guard = aGuard(t, [{ address: `127.0.0.1:${authority.grpcPort}` }], {
      serviceToken: authority.serviceToken,
      audience: forServices,
    });
    await guard.ready();
    t.equal(await said(guard, token), '401 invalid_token audience');
    t.equal(await said(guard, (await login()).access_token), 'accepted');
    t.equal((await usableWith(authority, token)).length, 6, 'the last one finds it logged out');
  });

  t.test('what takes a token back takes either', async (t) => {
    for (const audience of [forServices, forAccount]) {
      const [revoked, loggedOut] = [await login(audience), await login(audience)];
      await services.revoke({ token: revoked.access_token });
      t.equal((await call('POST', '/auth/logout', { token: loggedOut.access_token })).status, 204);
      for (const { access_token } of [revoked, loggedOut])
        t.match(await grpc.isRevoked(claimsOf(access_token).jti), { revoked: true }, audience);
    }
  });

  t.test('the metadata say so', async (t) => {
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const { body } = await call('GET', `/.well-known/${name}`);
      t.match(body, { audience: forServices, account_audience: forAccount });
    }
  });
});

t.test('one audience: all of it is possible, and the log says so when there are services', async (t) => {
  const first = await startAuthority();
  t.teardown(() => first.stop());
  await first.register(email);
  const { access_token: token } = await first.login(email);
  t.equal((await usableWith(first, token)).length, 6);
  t.match(await first.grpc.introspect((await first.login(email)).access_token), { active: true });
  const refused = await first.call('POST', '/auth/login', {
    body: { email, password, audience: forAccount },
  });
  t.match(refused, {
    status: 400,
    body: { errors: [{ field: 'audience', message: 'must be "countersign"' }] },
  });

  const warning = /ACCOUNT_AUDIENCE is AUDIENCE: each service/;
  t.notMatch(first.log(), warning, 'nobody had made a service when it started');
  await first.authority.close();
  for (const [env, warns] of [
    [{}, true],
    [{ ACCOUNT_AUDIENCE: forServices }, true],
    [{ ACCOUNT_AUDIENCE: forAccount }, false],
  ] as const) {
    const again = await startAuthority({ dataDir: first.dataDir, env });
    t.equal(warning.test(again.log()), warns, JSON.stringify(env));
    await again.stop();
  }
});
