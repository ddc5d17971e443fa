/** An application's tokens are for the one audience that was authorized: when it redeems the code, when it refreshes, and when the user is asked. */
import t, { type Test } from 'tap';
import { answerIn, aVerifier, createVisits, type Visit } from '../../support/authorizing.ts';
import { claimsOf } from '../../support/clients.ts';
import { basic, operator, startIssuer } from '../../support/oauthClients.ts';

const alice = 'alice@example.com';
const callback = 'https://shop.example/callback';
const { verifier, challenge } = aVerifier();
const [orders, payroll] = ['orders.example', 'payroll.example'];

async function open(t: Test) {
  const opened = await startIssuer(t);
  const { issuer, call, client, register, login, operations, form } = opened;
  await register(alice);
  for (const audience of [orders, payroll, 'countersign'])
    await operations.setResource(
      { audience, scopes: ['read'], everyone: ['read'], accessTtlMs: undefined },
      operator,
    );
  const shop = await client('shop', {
    ...{ kind: 'third_party', scopes: ['read'], redirectUris: [callback] },
  });
  const { visit, signIn, authorize } = createVisits(issuer, call);
  const cookie = await signIn(alice);
  const ask = (resource?: string) =>
    authorize(
      {
        ...{ client_id: shop.id, redirect_uri: callback, response_type: 'code', scope: 'openid read' },
        ...{ code_challenge: challenge, code_challenge_method: 'S256', resource },
      },
      cookie,
    );
  const decide = async ({ body }: Visit, decision = 'allow') => {
    const fields = [...body.matchAll(/name="(request|session)" value="([^"]*)"/g)];
    const hidden = Object.fromEntries(fields.map(([, field, value]) => [field, value]));
    const { to = '' } = await visit('/oauth2/authorize/consent', cookie, { ...hidden, decision });
    return to.startsWith(callback) ? to : (await visit(to, cookie)).to;
  };
  const allow = async (resource?: string) =>
    new URL((await decide(await ask(resource))) ?? 'none:').searchParams.get('code') ?? '';
  const as = basic(shop.id, shop.secret);
  const token = (fields: Readonly<Record<string, string>>) => form('/oauth2/token', fields, as);
  const redeem = (code: string, more: Readonly<Record<string, string>> = {}) =>
    token({
      ...{ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier },
      ...more,
    });
  const refresh = (refreshToken: string, more: Readonly<Record<string, string>> = {}) =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...more });
  const { access_token: own } = await login(alice);
  const apps = async () => (await call('GET', '/auth/apps', { token: own })).body.apps;
  const takeBack = () => call('DELETE', `/auth/apps/${shop.id}`, { token: own });
  return { ...opened, shop, ask, allow, redeem, refresh, apps, takeBack };
}

t.test('refreshed tokens are for what was authorized', async (t) => {
  const { allow, redeem, refresh, operations } = await open(t);
  const first = (await redeem(await allow(orders))).body;
  t.match(claimsOf(first.access_token), { aud: orders });
  const other = { status: 400, body: { error: 'invalid_target' } };
  for (const resource of [payroll, 'countersign', 'nobody.example'])
    t.match(await refresh(first.refresh_token, { resource }), other, resource);
  const next = await refresh(first.refresh_token);
  t.match(next, { status: 200, body: { scope: 'openid read' } }, 'and the session lives on');
  t.match(claimsOf(next.body.access_token), { aud: orders }, 'without a resource');
  const named = (await refresh(next.body.refresh_token, { resource: orders })).body;
  t.match(claimsOf(named.access_token), { aud: orders }, 'with it');
  t.match(await refresh(next.body.refresh_token, { resource: payroll }), other, 'a repeated one, too');

  await operations.removeResource(orders, operator);
  t.match(await refresh(named.refresh_token), other, 'never one of another audience instead');
});

t.test('without a resource it is that of the services, and no other afterwards', async (t) => {
  const { allow, redeem, refresh } = await open(t);
  const code = await allow();
  const other = { status: 400, body: { error: 'invalid_target' } };
  t.match(await redeem(code, { resource: orders }), other);
  const first = (await redeem(code)).body;
  t.match(claimsOf(first.access_token), { aud: 'countersign' });
  t.match(await refresh(first.refresh_token, { resource: orders }), other);
  t.match(claimsOf((await refresh(first.refresh_token)).body.access_token), { aud: 'countersign' });
});

t.test('what is allowed at one audience is not allowed at another', async (t) => {
  const { ask, allow, apps, takeBack, redeem, shop, operations } = await open(t);
  t.match(await ask(orders), { to: undefined, body: /The access is for orders\.example\./ });
  await allow(orders);
  t.ok(answerIn(await ask(orders))['code'], 'not asked twice');
  t.match(await ask(payroll), { to: undefined, body: /The access is for payroll\.example\./ });
  t.match(await ask(), { to: undefined, body: /The access is for countersign\./ });
  await allow(payroll);
  t.ok(answerIn(await ask(payroll))['code']);
  t.match(
    await apps(),
    [
      {
        client_id: shop.id,
        resources: [
          { audience: payroll, scopes: ['openid', 'read'] },
          { audience: orders, scopes: ['openid', 'read'] },
        ],
      },
    ],
    'one application, by resource, the latest first',
  );
  t.match(await operations.listAudit({ type: 'consent_granted' }), [
    { detail: { audience: payroll } },
    { detail: { audience: orders } },
  ]);

  const code = answerIn(await ask(orders))['code'] ?? '';
  await takeBack();
  t.match(await redeem(code), { status: 400, body: { error: 'invalid_grant' } }, 'taken back everywhere');
  for (const resource of [orders, payroll]) t.match(await ask(resource), { to: undefined });
});
