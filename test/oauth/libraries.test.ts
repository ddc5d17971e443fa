/** Unmodified OAuth libraries against the authority: every grant, each way for a client to prove itself. */
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import t from 'tap';
import type { NewClient } from '../../src/oauth/clients/checkClient.ts';
import { aVerifier, createVisits } from '../support/authorizing.ts';
import { claimsOf } from '../support/clients.ts';
import { aKey, operator, startIssuer } from '../support/oauthClients.ts';

const audience = 'orders.example';
const callback = 'https://shop.example/callback';
const insecure = { [oauth.allowInsecureRequests]: true };

t.test('libraries', async (t) => {
  const { issuer, operations, client, register, login, grpc, call } = await startIssuer(t);
  await operations.setResource(
    { audience, scopes: ['read', 'write'], everyone: ['read'], accessTtlMs: undefined },
    operator,
  );
  await operations.setRole({ name: 'robot', audience, scopes: ['write'] }, operator);
  await register('alice@example.com');
  const server = await oauth
    .discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
    .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response));

  const service = await client('orders', {
    permissions: ['tokens.introspect', 'tokens.revoke', 'tokens.exchange', 'users.logout'],
    audiences: ['countersign', audience],
  });
  const key = aKey();
  const signing = await client('signing', { jwks: key.jwks, permissions: ['tokens.introspect'] });
  const { privateKey } = key;
  const cryptoKey = await crypto.subtle.importKey(
    'pkcs8',
    privateKey.export({ format: 'der', type: 'pkcs8' }),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  );

  for (const [how, id, authentication] of [
    ['client_secret_basic', service.id, oauth.ClientSecretBasic(service.secret)],
    ['client_secret_post', service.id, oauth.ClientSecretPost(service.secret)],
    ['private_key_jwt', signing.id, oauth.PrivateKeyJwt(cryptoKey)],
  ] as const) {
    await t.test(`client_credentials by ${how}`, async (t) => {
      const ask = async () => {
        const response = await oauth.clientCredentialsGrantRequest(
          server,
          { client_id: id },
          authentication,
          { resource: audience },
          insecure,
        );
        return oauth.processClientCredentialsResponse(server, { client_id: id }, response);
      };
      const [first, second] = [await ask(), await ask()];
      const [one, other] = [claimsOf(first.access_token), claimsOf(second.access_token)];
      t.match(one, { iss: issuer, sub: id, client_id: id, aud: audience, scope: '' });
      t.equal(one.sid, other.sid, 'one session for all of them');
      t.not(one.jti, other.jti);
      t.equal(first.refresh_token, undefined);
      const request = new Request(issuer, { headers: { authorization: `Bearer ${first.access_token}` } });
      const read = await oauth.validateJwtAccessToken(server, request, audience, insecure);
      t.equal(read.sub, id, 'the library verifies it, too');
    });
  }

  const visits = createVisits(issuer, call);
  const cookie = await visits.signIn('alice@example.com');
  const app: Partial<NewClient> = {
    ...{ kind: 'app' as const, scopes: ['read'], redirectUris: [callback], audiences: [audience] },
    permissions: ['tokens.introspect'],
  };
  const [byHeader, byBody, byKey] = [
    await client('by-header', app),
    await client('by-body', app),
    await client('by-key', { ...app, jwks: key.jwks }),
  ];
  for (const [how, id, authentication] of [
    ['client_secret_basic', byHeader.id, openid.ClientSecretBasic(byHeader.secret)],
    ['client_secret_post', byBody.id, openid.ClientSecretPost(byBody.secret)],
    ['private_key_jwt', byKey.id, openid.PrivateKeyJwt(cryptoKey)],
  ] as const) {
    await t.test(`openid-client by ${how}: discovery, each grant, introspection, revocation`, async (t) => {
      const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' as const };
      const config = await openid.discovery(new URL(issuer), id, undefined, authentication, options);
      const { access_token: own } = await openid.clientCredentialsGrant(config, { resource: audience });
      t.match(await openid.tokenIntrospection(config, own), { active: true, sub: id, aud: audience });
      await openid.tokenRevocation(config, own);
      t.match(await grpc.isRevoked(claimsOf(own).jti), { revoked: true });
      t.strictSame(await openid.tokenIntrospection(config, own), { active: false });

      const { verifier, challenge } = aVerifier();
      const address = openid.buildAuthorizationUrl(config, {
        ...{ redirect_uri: callback, resource: audience, scope: 'read' },
        ...{ code_challenge: challenge, code_challenge_method: 'S256' },
      });
      const { to = '' } = await visits.authorize(address.search.slice(1), cookie);
      const first = await openid.authorizationCodeGrant(config, new URL(to), { pkceCodeVerifier: verifier });
      const next = await openid.refreshTokenGrant(config, first.refresh_token ?? '', { resource: audience });
      t.match(claimsOf(next.access_token), { client_id: id, aud: audience, scope: 'read' });
      t.equal(claimsOf(next.access_token).sid, claimsOf(first.access_token).sid);
      t.not(next.refresh_token, first.refresh_token);
      await openid.tokenRevocation(config, next.refresh_token ?? '');
      t.match(await grpc.isRevoked(claimsOf(next.access_token).jti), { revoked: true }, 'its session ends');
      const late = await openid.refreshTokenGrant(config, next.refresh_token ?? '').catch((error) => error);
      t.match(late, { error: 'invalid_grant' });
    });
  }

  await t.test('introspection, signed', async (t) => {
    const { access_token: token } = await login('alice@example.com');
    const response = await oauth.introspectionRequest(
      server,
      { client_id: service.id },
      oauth.ClientSecretBasic(service.secret),
      token,
      { ...insecure, requestJwtResponse: true },
    );
    t.equal(response.headers.get('content-type'), 'application/token-introspection+jwt');
    const answer = await oauth.processIntrospectionResponse(
      server,
      { client_id: service.id, introspection_signed_response_alg: 'ES256' },
      response,
    );
    t.match(answer, { active: true, aud: 'countersign' });
    await oauth.validateApplicationLevelSignature(server, response, insecure);
  });

  await t.test('token exchange, two levels deep, dies with its parent', async (t) => {
    const { access_token: parent, session_id } = await login('alice@example.com');
    const exchange = async (token: string, more: Record<string, string> = {}) => {
      const response = await oauth.genericTokenEndpointRequest(
        server,
        { client_id: service.id },
        oauth.ClientSecretBasic(service.secret),
        'urn:ietf:params:oauth:grant-type:token-exchange',
        {
          subject_token: token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          audience,
          ...more,
        },
        insecure,
      );
      return oauth.processGenericTokenEndpointResponse(server, { client_id: service.id }, response);
    };
    const child = await exchange(parent);
    t.match(claimsOf(child.access_token), {
      sub: claimsOf(parent).sub,
      sid: session_id,
      aud: audience,
      client_id: service.id,
      act: { sub: service.id },
      scope: '',
    });
    const grandchild = await exchange(child.access_token);
    t.match(claimsOf(grandchild.access_token), { act: { sub: service.id, act: { sub: service.id } } });
    t.match(await grpc.isRevoked(claimsOf(grandchild.access_token).jti), { revoked: false });
    await operations.logout({ accessToken: parent }, { name: 'user' });
    t.match(await grpc.isRevoked(claimsOf(grandchild.access_token).jti), {
      revoked: true,
      reason: 'REASON_LOGOUT',
    });
    const refused = await exchange(child.access_token).catch((error) => error);
    t.match(refused, { error: 'invalid_request' }, 'of a dead session');
  });
});
