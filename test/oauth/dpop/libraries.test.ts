/** DPoP by unmodified OAuth libraries, where a nonce is required: they try again with it. */
import { KeyObject } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import t from 'tap';
import { claimsOf } from '../../support/clients.ts';
import { basic, operator, startIssuer } from '../../support/oauthClients.ts';
import { aProver } from '../../support/proofs.ts';

const audience = 'orders.example';
const insecure = { [oauth.allowInsecureRequests]: true };

t.test('libraries, with DPOP_NONCE=required', async (t) => {
  const { issuer, operations, client, register, call, form, grpc } = await startIssuer(t, {
    env: { DPOP_NONCE: 'required' },
  });
  await operations.setResource({ audience, scopes: [], everyone: [], accessTtlMs: undefined }, operator);
  await register('alice@example.com');
  const server = await oauth
    .discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
    .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response));
  t.strictSame(server.dpop_signing_alg_values_supported, ['ES256']);
  const service = await client('orders', {
    permissions: ['tokens.introspect', 'tokens.exchange'],
    audiences: ['countersign', audience],
  });
  const as: oauth.Client = { client_id: service.id };
  const secret = oauth.ClientSecretBasic(service.secret);
  const newHandle = async () => oauth.DPoP(as, await oauth.generateKeyPair('ES256'));

  await t.test('oauth4webapi: client_credentials', async (t) => {
    const DPoP = await newHandle();
    const ask = async () => {
      const options = { ...insecure, DPoP };
      const response = await oauth.clientCredentialsGrantRequest(server, as, secret, {}, options);
      return oauth.processClientCredentialsResponse(server, as, response);
    };
    const first = await ask().catch((error) => error);
    t.ok(oauth.isDPoPNonceError(first), 'the first has no nonce');
    t.match(first, { status: 400, error: 'use_dpop_nonce' });
    const answer = await ask();
    t.equal(answer.token_type, 'dpop');
    const jkt = await DPoP.calculateThumbprint();
    t.match(claimsOf(answer.access_token), { cnf: { jkt }, sub: service.id });
    const introspected = await oauth
      .introspectionRequest(server, as, secret, answer.access_token, insecure)
      .then((response) => oauth.processIntrospectionResponse(server, as, response));
    t.match(introspected, { active: true, token_type: 'DPoP', cnf: { jkt } });
    const plain = await form(
      '/oauth2/token',
      { grant_type: 'client_credentials' },
      basic(service.id, service.secret),
    );
    t.equal(plain.body.token_type, 'Bearer', 'the session is shared, the key is not');
    t.equal(claimsOf(plain.body.access_token).sid, claimsOf(answer.access_token).sid);
  });

  await t.test('oauth4webapi: a route of the account with a bound token', async (t) => {
    const keys = await oauth.generateKeyPair('ES256', { extractable: true });
    const DPoP = oauth.DPoP(as, keys);
    const login = async (nonce?: string) => {
      const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey);
      const prover = aProver();
      const dpop = prover.proof(
        { method: 'POST', url: `${issuer}/auth/login`, nonce },
        {
          header: { jwk: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } },
          signedBy: KeyObject.from(keys.privateKey),
        },
      );
      const body = { email: 'alice@example.com', password: 'correct horse battery staple' };
      return call('POST', '/auth/login', { body, headers: { dpop } });
    };
    const first = await login();
    t.match([first.status, first.body.code], [401, 'use_dpop_nonce']);
    const { body } = await login(first.headers.get('dpop-nonce') ?? '');
    t.equal(body.token_type, 'DPoP');
    const me = () =>
      oauth.protectedResourceRequest(
        body.access_token,
        'GET',
        new URL(`${issuer}/auth/me`),
        undefined,
        undefined,
        { ...insecure, DPoP },
      );
    const refused = await me().catch((error) => error);
    t.ok(oauth.isDPoPNonceError(refused), 'the challenge is understood');
    t.equal((await me()).status, 200);
    t.equal((await call('GET', '/auth/me', { token: body.access_token })).status, 401, 'as Bearer');
    const read = await oauth
      .protectedResourceRequest(
        body.access_token,
        'GET',
        new URL(`${issuer}/auth/sessions`),
        undefined,
        undefined,
        { ...insecure, DPoP },
      )
      .then((response) => response.json() as Promise<{ sessions: unknown[] }>);
    t.equal(read.sessions.length, 1);
    const request = new Request(`${issuer}/orders`, {
      headers: {
        authorization: `DPoP ${body.access_token}`,
        dpop: aProver().proof({ method: 'GET', url: `${issuer}/orders`, token: body.access_token }),
      },
    });
    const claims = oauth.validateJwtAccessToken(server, request, 'countersign', insecure);
    await t.rejects(claims, /DPoP|jkt|confirmation/i, 'the library sees the binding, too');
  });

  await t.test('openid-client: it tries again by itself', async (t) => {
    const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' as const };
    const config = await openid.discovery(new URL(issuer), service.id, service.secret, undefined, options);
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const answer = await openid.clientCredentialsGrant(config, { resource: audience }, { DPoP });
    t.equal(answer.token_type, 'dpop');
    const jkt = await DPoP.calculateThumbprint();
    t.match(claimsOf(answer.access_token), { cnf: { jkt }, aud: audience });
    t.match(await openid.tokenIntrospection(config, answer.access_token), {
      token_type: 'DPoP',
      cnf: { jkt },
    });
    const exchanged = await openid.genericGrantRequest(
      config,
      'urn:ietf:params:oauth:grant-type:token-exchange',
      {
        subject_token: answer.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      { DPoP },
    );
    t.match(claimsOf(exchanged.access_token), { cnf: { jkt }, act: { sub: service.id } });
    t.match(await grpc.introspect(exchanged.access_token), { active: true, tokenType: 'DPoP', cnf: { jkt } });
  });
});
