/** A client is changed: what is taken away is honoured by nobody, what is refused at its creation is refused here, too. */
import { SignJWT } from 'jose';
import t, { type Test } from 'tap';
import type { ClientChanges } from '../../src/oauth/clients/updateClient.ts';
import { answerIn, aVerifier, createVisits, type Parameters } from '../support/authorizing.ts';
import { claimsOf } from '../support/clients.ts';
import { aGuard, said } from '../support/guards.ts';
import { aKey, basic, operator, startIssuer } from '../support/oauthClients.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';

const audience = 'orders.example';
const alice = 'alice@example.com';
const callback = 'https://shop.example/callback';
const moved = 'https://shop.example/moved';
const refused = '401 invalid_token revoked';
const invalidClient = { status: 401, body: { error: 'invalid_client' } };
const exchanging = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};
const { verifier, challenge } = aVerifier();

async function open(t: Test) {
  const node = await startIssuer(t);
  const { issuer, call, client, form, grpcPort, serviceToken, operations } = node;
  await node.register(alice);
  const resource = { audience, scopes: ['read', 'write'], everyone: ['read', 'write'] };
  await operations.setResource({ ...resource, accessTtlMs: undefined }, operator);
  const redirectUris = [callback, moved];
  const shop = await client('shop', { kind: 'app', scopes: ['read', 'write'], redirectUris });
  const as = basic(shop.id, shop.secret);
  const { authorize, signIn, visit } = createVisits(issuer, call);
  const asked: Parameters = {
    ...{ client_id: shop.id, redirect_uri: callback, response_type: 'code', scope: 'openid read write' },
    ...{ code_challenge: challenge, code_challenge_method: 'S256', resource: audience },
  };
  const cookie = await signIn(alice);
  const aCode = async (given: Parameters = {}) =>
    answerIn(await authorize({ ...asked, ...given }, cookie))['code'] ?? '';
  const redeem = (code: string) =>
    form(
      '/oauth2/token',
      { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier },
      as,
    );
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], { serviceToken, audience, issuer });
  await guard.ready();
  return {
    ...{ ...node, shop, as, asked, cookie, visit, authorize, aCode, redeem },
    verdict: (accessToken: string) => said(guard, accessToken),
    set: (name: string, changes: ClientChanges) => operations.updateClient(name, changes, operator),
    refresh: (refreshToken: string) =>
      form(
        '/oauth2/token',
        { grant_type: 'refresh_token', refresh_token: refreshToken, resource: audience },
        as,
      ),
    events: () => node.authority.operations.listAudit({ type: 'client_changed' }),
  };
}

t.test('a scope: gone from the tokens of its users, who stay logged in', async (t) => {
  const { shop, client, asked, cookie, aCode, redeem, refresh, verdict, set, visit, login, grpc, events } =
    await open(t);
  const { body: first } = await redeem(await aCode());
  t.equal(claimsOf(first.access_token)['scope'], 'openid read write');
  const waiting = await aCode();
  const { to: resume = '' } = await visit(
    `/oauth2/authorize?${new URLSearchParams(asked as Record<string, string>)}`,
  );
  const third = { kind: 'third_party', scopes: ['read', 'write'], redirectUris: [callback] } as const;
  const partner = await client('partner', third);
  const { to: asking = '' } = await visit(
    `/oauth2/authorize?${new URLSearchParams({ ...(asked as Record<string, string>), client_id: partner.id })}`,
  );
  await set('partner', { scopes: ['read'] });
  const { body: page } = await visit(asking, cookie);
  t.match(page, /read/);
  t.notMatch(page, /write/, 'nobody is asked for it');
  const firstParty = await login(alice);

  const { sessions, effect } = await set('shop', { scopes: ['read'] });
  t.equal(sessions, 1);
  t.ok((effect?.milliseconds ?? Number.NaN) > 0);
  t.equal(await verdict(first.access_token), refused);
  const { body: next, status } = await refresh(first.refresh_token);
  t.equal(status, 200);
  t.equal(claimsOf(next.access_token)['scope'], 'openid read');
  t.equal(await verdict(next.access_token), 'accepted');
  const late = await redeem(waiting);
  t.equal(claimsOf(late.body.access_token)['scope'], 'openid read', 'of a code from before');
  const { code = '' } = answerIn(await visit(resume, cookie));
  t.equal(
    claimsOf((await redeem(code)).body.access_token)['scope'],
    'openid read',
    'of a request from before',
  );
  t.match(
    await grpc.isRevoked(claimsOf(firstParty.access_token).jti),
    { revoked: false },
    'those of others stay',
  );

  t.strictSame(await set(shop.id, { scopes: ['read'] }), { sessions: 0, effect: undefined }, 'again');
  t.match(await events(), [
    { reason: 'shop', actor: operator.name, detail: { client_id: shop.id, scopes: ['read'] } },
    { reason: 'partner' },
  ]);
  t.equal((await events()).length, 2);
  await set('shop', { scopes: ['read', 'write'] });
  t.equal(await verdict(next.access_token), 'accepted', 'a scope more refuses nothing');
});

t.test('a redirect URI: codes and requests that are on their way are refused', async (t) => {
  const { asked, cookie, aCode, redeem, authorize, visit, set } = await open(t);
  const waiting = await aCode();
  const { to: resume = '' } = await visit(
    `/oauth2/authorize?${new URLSearchParams(asked as Record<string, string>)}`,
  );
  await set('shop', { redirectUris: [moved] });
  t.match(await redeem(waiting), { status: 400, body: { error: 'invalid_grant' } });
  for (const seen of [await visit(resume, cookie), await authorize(asked, cookie)])
    t.match({ status: seen.status, to: seen.to }, { status: 400, to: undefined });
  t.ok(await aCode({ redirect_uri: moved }));
});

t.test('a key: the old one is not accepted, and what it got is refused', async (t) => {
  const { form, client, set, issuer, verdict, events } = await open(t);
  const [first, second] = [aKey(), aKey()];
  const { id } = await client('signing', { jwks: first.jwks });
  let count = 0;
  const ask = async ({ privateKey }: typeof first) => {
    const now = Math.floor(Date.now() / 1000);
    count += 1;
    const assertion = await new SignJWT({ iss: id, sub: id, aud: issuer, exp: now + 60, jti: `${count}` })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey);
    return form('/oauth2/token', {
      ...{ grant_type: 'client_credentials', resource: audience, client_assertion: assertion },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  };
  const stolen = (await ask(first)).body.access_token;
  const named = (key: typeof first, kid: string) => ({ ...key.jwks.keys[0], kid });
  t.match(await set('signing', { jwks: { keys: [named(first, 'a'), named(second, 'b')] } }), { sessions: 1 });
  await set('signing', { jwks: second.jwks });
  t.match(await ask(first), invalidClient);
  t.equal(await verdict(stolen), refused);
  const after = await ask(second);
  t.equal(await verdict(after.body.access_token), 'accepted');
  const [latest, before] = await events();
  t.match(latest, { detail: { client_id: id, jwks: [null] } });
  t.match(before, { detail: { jwks: ['a', 'b'] } });
  t.notMatch(JSON.stringify(await events()), second.jwks.keys[0]?.['x'] as string);
});

t.test('exchange: without its permission or audience, what it exchanged is refused', async (t) => {
  const { form, client, set, login, verdict, call } = await open(t);
  const given = { permissions: ['tokens.exchange'], audiences: ['countersign', audience] } as const;
  const rows: readonly (readonly [what: string, ClientChanges, error: string])[] = [
    ['the audience', { audiences: [audience] }, 'invalid_request'],
    ['the permission', { permissions: [] }, 'unauthorized_client'],
  ];
  for (const [what, changes, error] of rows) {
    const name = what.replace(' ', '-');
    const service = await client(name, given);
    const exchange = (subject: string) =>
      form(
        '/oauth2/token',
        { ...exchanging, subject_token: subject, resource: audience },
        basic(service.id, service.secret),
      );
    const { access_token: own, refresh_token: refreshToken } = await login(alice);
    const exchanged = (await exchange(own)).body.access_token;
    t.equal(await verdict(exchanged), 'accepted', what);
    await set(name, changes);
    t.equal(await verdict(exchanged), refused, what);
    const next = await call('POST', '/auth/refresh', { body: { refresh_token: refreshToken } });
    t.equal(next.status, 200, 'users stay logged in');
    t.match(await exchange(next.body.access_token), { status: 400, body: { error } }, what);
    t.equal((await set(name, changes)).sessions, 0, 'again');
  }
});

t.test('what is refused, and what it is called', async (t) => {
  const { client, operations, authority, grpcPort } = await open(t);
  await client('spa', { kind: 'app', isPublic: true, redirectUris: [callback] });
  await client('service');
  await client('billing', { certificate: 'spiffe://example.org/billing' });
  await client('shipping', { certificate: 'spiffe://example.org/shipping' });
  await client('third', { kind: 'third_party' });
  await client('gone');
  await operations.revokeService('gone', operator);
  const rows: readonly (readonly [name: string, ClientChanges, code: string, detail: RegExp])[] = [
    ['spa', { permissions: ['tokens.check'] }, 'invalid_request', /^public:/],
    ['spa', { jwks: aKey().jwks }, 'invalid_request', /^jwks: .*keeps its way/],
    ['service', { redirectUris: [callback] }, 'invalid_request', /^redirect_uri:/],
    ['service', { certificate: 'example.org' }, 'invalid_request', /^certificate: .*keeps its way/],
    ['third', { scopes: ['account'] }, 'invalid_request', /^scope:/],
    ['shop', { redirectUris: ['http://shop.example/'] }, 'invalid_request', /^redirect_uri:/],
    ['shop', { backchannelLogoutUri: 'x' }, 'invalid_request', /^backchannel_logout_uri:/],
    ['billing', { certificate: 'not a name' }, 'invalid_request', /^certificate:/],
    ['billing', { certificate: 'spiffe://example.org/shipping' }, 'name_taken', /^certificate:/],
    ['gone', { scopes: [] }, 'not_found', /gone/],
    ['nobody', { scopes: [] }, 'not_found', /nobody/],
  ];
  for (const [name, changes, code, detail] of rows)
    for (const dryRun of [true, false])
      await t.rejects(
        async () => {
          if (dryRun) await operations.previewUpdate(name, changes);
          else await operations.updateClient(name, changes, operator);
        },
        { code, detail },
        `${name} ${JSON.stringify(changes)} ${dryRun}`,
      );
  const desk = { name: 'desk', permissions: ['clients.manage', 'users.support'] } as const;
  const { token } = await authority.operations.createService(desk, operator);
  const { call, close } = createRpcClient(`127.0.0.1:${grpcPort}`, token);
  t.teardown(close);
  await client('strong', { kind: 'app', permissions: ['users.manage'] });
  const requests: readonly (readonly [object, code: string, field: string | undefined])[] = [
    [{ client: 'shop', fields: [] }, 'INVALID_ARGUMENT', 'fields'],
    [{ client: 'shop', fields: ['name'] }, 'INVALID_ARGUMENT', 'fields'],
    [{ client: 'shop', fields: ['scopes'], redirectUris: [moved] }, 'INVALID_ARGUMENT', 'redirect_uris'],
    [{ client: 'shop', fields: ['permissions'], permissions: ['x'] }, 'INVALID_ARGUMENT', 'permissions'],
    [{ client: 'shop', fields: ['jwks'], jwks: 'x' }, 'INVALID_ARGUMENT', 'jwks'],
    [
      { client: 'shop', fields: ['permissions'], permissions: ['keys.manage'] },
      'PERMISSION_DENIED',
      undefined,
    ],
    [{ client: 'shop', fields: ['scopes'], scopes: ['keys.manage'] }, 'PERMISSION_DENIED', undefined],
    [{ client: 'shop', fields: ['scopes'], scopes: ['account'] }, 'PERMISSION_DENIED', undefined],
    [{ client: 'strong', fields: ['redirect_uris'], redirectUris: [moved] }, 'PERMISSION_DENIED', undefined],
  ];
  for (const [request, code, field] of requests)
    t.match(await refusalOf(call('updateClient', request)), { code, field }, JSON.stringify(request));
});

t.test('every setting, over gRPC: as it was created, and as it was changed', async (t) => {
  const { call, close } = await (async () => {
    const { grpcPort, operations } = await startIssuer(t);
    const { token } = await operations.createService(
      { name: 'desk', permissions: ['clients.manage', 'tokens.check'] },
      operator,
    );
    return createRpcClient(`127.0.0.1:${grpcPort}`, token);
  })();
  t.teardown(close);
  const jwks = () => JSON.stringify(aKey().jwks);
  const created = {
    ...{ name: 'shop', kind: 'app', permissions: ['tokens.check'], audiences: ['a'], scopes: ['b'] },
    ...{ redirectUris: [callback], jwks: jwks(), certificateBound: true, pairwise: true },
    postLogoutRedirectUris: ['https://shop.example/bye'],
    backchannelLogoutUri: 'https://shop.example/told',
  };
  t.match(await call('createClient', created), { secret: '' });
  const listed = async (name: string) =>
    (await call('listClients', {})).clients.find((each: { name: string }) => each.name === name);
  t.match(await listed('shop'), created);
  const settings = {
    ...{ permissions: [], audiences: [], scopes: ['c'], redirectUris: [moved], jwks: jwks() },
    ...{ certificateBound: false, postLogoutRedirectUris: [], backchannelLogoutUri: '' },
  };
  const fields = Object.keys(settings).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  await call('updateClient', { client: 'shop', fields, ...settings });
  t.strictSame(
    await listed('shop').then((after: object) => ({ ...after, ...settings })),
    await listed('shop'),
  );
  const certificate = 'spiffe://example.org/billing';
  await call('createClient', { name: 'billing', certificate });
  t.match(await listed('billing'), { certificateName: certificate, public: false });
  const next = 'billing.example.org';
  await call('updateClient', { client: 'billing', fields: ['certificate'], certificate: next });
  t.match(await listed('billing'), { certificateName: next });
  await call('createClient', { name: 'spa', kind: 'app', public: true });
  t.match(await listed('spa'), { public: true, pairwise: false, jwks: '' });
});
