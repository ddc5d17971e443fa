/** Unmodified OAuth libraries against the authority: every grant, each way for a client to prove itself. */
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import t from 'tap';
import { claimsOf } from '../support/clients.ts';
import { aKey, operator, startIssuer } from '../support/oauthClients.ts';

const audience = 'orders.example';
const insecure = { [oauth.allowInsecureRequests]: true };

t.test('libraries', async (t) => {
  const { issuer, operations, client, register, login, grpc } = await startIssuer(t);
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

  await t.test(
    'openid-client: discovery, client_credentials, refresh, introspection, revocation',
    async (t) => {
      const options = { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' as const };
      const config = await openid.discovery(new URL(issuer), service.id, service.secret, undefined, options);
      const { access_token: own } = await openid.clientCredentialsGrant(config, { resource: audience });
      t.match(await openid.tokenIntrospection(config, own), { active: true, sub: service.id, aud: audience });
      await openid.tokenRevocation(config, own);
      t.match(await grpc.isRevoked(claimsOf(own).jti), { revoked: true });
      t.strictSame(await openid.tokenIntrospection(config, own), { active: false });
    },
  );

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
