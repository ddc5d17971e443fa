/**
 * Clients with certificates (RFC 8705), behind nginx that ends TLS: unmodified libraries authenticate by certificate; bound tokens are good
 * only with it, at the authority, in introspection and at guarded services; and nobody but the proxy says which certificate it was.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as plainRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import express from 'express';
import fastify from 'fastify';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import t, { type Test } from 'tap';
import { requireCaller as requireInExpress } from '../../packages/guard/src/express.ts';
import { guardPlugin } from '../../packages/guard/src/fastify.ts';
import { guardInterceptor } from '../../packages/guard/src/grpc.ts';
import { openCertificateFolder, type Pem } from '../support/certificates.ts';
import { claimsOf } from '../support/clients.ts';
import { freePort } from '../support/freePort.ts';
import { aGuard, said } from '../support/guards.ts';
import { fetchOver, nginxWithCertificates } from '../support/mtls.ts';
import { startNginx } from '../support/nginx.ts';
import { operator, startIssuer } from '../support/oauthClients.ts';
import { aProver } from '../support/proofs.ts';

const audience = 'orders.example';
const name = 'spiffe://example.org/billing';
const insecure = { [oauth.allowInsecureRequests]: true };

const derOf = ({ certificate }: Pem) => new X509Certificate(certificate).raw;
const thumbprintOf = (pem: Pem) => createHash('sha256').update(derOf(pem)).digest('base64url');
const jsonOf = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
const field = (pem: Pem) => ({ 'client-cert': `:${derOf(pem).toString('base64')}:` });

async function open(t: Test) {
  const [folder, port] = [await openCertificateFolder(), await freePort()];
  t.teardown(folder.remove);
  const [ours, theirs] = [await folder.newCa(), await folder.newCa()];
  const server = await ours.issue('IP:127.0.0.1');
  await folder.write('server.pem', server.certificate);
  await folder.write('server.key', server.key);
  await folder.write('clients.pem', ours.certificate);
  const mtlsUrl = `https://127.0.0.1:${port}`;
  const node = await startIssuer(t, { env: { MTLS_URL: mtlsUrl, TRUSTED_PROXIES: '127.0.0.1' } });
  const { httpPort, operations, client, grpcPort, serviceToken, issuer } = node;
  const nginx = await startNginx(nginxWithCertificates({ port, httpPort, path: folder.path }));
  t.teardown(nginx.stop);
  for (const each of [audience, 'countersign'])
    await operations.setResource(
      { audience: each, scopes: [], everyone: [], accessTtlMs: undefined },
      operator,
    );
  const permissions = ['tokens.introspect', 'tokens.exchange', 'tokens.revoke'] as const;
  const given = { permissions, audiences: ['countersign', audience] };
  const billing = await client('billing', { ...given, certificate: name, certificateBound: true });
  const own = await ours.issue(`URI:${name}`);
  const renewed = await ours.issue(`URI:${name}`);
  const other = await ours.issue('URI:spiffe://example.org/other');
  const over = (pem?: Pem) => fetchOver({ ca: ours.certificate, own: pem });
  const post = async (path: string, fields: Readonly<Record<string, string>>, pem?: Pem) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ client_id: billing.id, ...fields }).toString();
    const answer = await over(pem)(mtlsUrl + path, { method: 'POST', headers, body });
    return { status: answer.status, body: JSON.parse((await answer.text()) || '{}') };
  };
  const token = async (pem = own, fields: object = {}): Promise<string> =>
    (await post('/oauth2/token', { grant_type: 'client_credentials', resource: audience, ...fields }, pem))
      .body.access_token;
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], { serviceToken, audience, issuer });
  await guard.ready();
  return { ...node, mtlsUrl, billing, own, renewed, other, ours, theirs, server, over, post, token, guard };
}

t.test('behind nginx', async (t) => {
  const opened = await open(t);
  const { issuer, mtlsUrl, billing, own, renewed, other, theirs, over, post, token, guard, call } = opened;
  const x5t = thumbprintOf(own);

  await t.test('metadata', async (t) => {
    const { body } = await call('GET', '/.well-known/oauth-authorization-server');
    t.equal(body.tls_client_certificate_bound_access_tokens, true);
    t.equal(body.mtls_endpoint_aliases.token_endpoint, `${mtlsUrl}/oauth2/token`);
    t.ok(body.token_endpoint_auth_methods_supported.includes('tls_client_auth'));
  });

  await t.test('oauth4webapi: token, introspection, revocation', async (t) => {
    const server = await oauth
      .discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
      .then((response) => oauth.processDiscoveryResponse(new URL(issuer), response));
    const as: oauth.Client = { client_id: billing.id, use_mtls_endpoint_aliases: true };
    const options = { [oauth.customFetch]: over(own), ...insecure };
    const auth = oauth.TlsClientAuth();
    const asked = new URLSearchParams({ resource: audience });
    const response = await oauth.clientCredentialsGrantRequest(server, as, auth, asked, options);
    const answer = await oauth.processClientCredentialsResponse(server, as, response);
    t.equal(answer.token_type, 'bearer');
    t.match(claimsOf(answer.access_token), { sub: billing.id, cnf: { 'x5t#S256': x5t } });
    const introspected = await oauth
      .introspectionRequest(server, as, auth, answer.access_token, options)
      .then((response) => oauth.processIntrospectionResponse(server, as, response));
    t.match(introspected, { active: true, token_type: 'Bearer', cnf: { 'x5t#S256': x5t } });
    const revoked = await oauth.revocationRequest(server, as, auth, answer.access_token, options);
    await oauth.processRevocationResponse(revoked);
    t.equal(await said(guard, answer.access_token, { certificate: derOf(own) }), '401 invalid_token revoked');
  });

  await t.test('openid-client', async (t) => {
    const metadata = { use_mtls_endpoint_aliases: true };
    const config = await openid.discovery(new URL(issuer), billing.id, metadata, openid.TlsClientAuth(), {
      execute: [openid.allowInsecureRequests],
    });
    config[openid.customFetch] = over(own) as never;
    const answer = await openid.clientCredentialsGrant(config, { resource: audience });
    t.match(claimsOf(answer.access_token), { cnf: { 'x5t#S256': x5t } });
  });

  await t.test('who is no such client', async (t) => {
    const stranger = await theirs.issue(`URI:${name}`);
    const rows: readonly (readonly [what: string, Pem | undefined, number, string | undefined])[] = [
      ['without a certificate', undefined, 401, 'invalid_client'],
      ['with the certificate of another', other, 401, 'invalid_client'],
      ['renewed', renewed, 200, undefined],
    ];
    for (const [what, pem, status, error] of rows) {
      const answer = await post('/oauth2/token', { grant_type: 'client_credentials' }, pem);
      t.match([answer.status, answer.body.error], [status, error], what);
    }
    const refused = await over(stranger)(`${mtlsUrl}/oauth2/token`, { method: 'POST' });
    t.equal(refused.status, 400, 'of another authority: nginx refuses it');
    const two = await post('/oauth2/token', { grant_type: 'client_credentials', client_secret: 'st_x' }, own);
    t.match([two.status, two.body.error], [401, 'invalid_client'], 'a secret counts, if one is sent');
    const disabled = await opened.client('gone', { certificate: 'gone.example', certificateBound: true });
    await opened.operations.disableClient('gone', operator);
    const gone = await opened.ours.issue('DNS:gone.example');
    const fields = { grant_type: 'client_credentials', client_id: disabled.id };
    t.match((await post('/oauth2/token', fields, gone)).body, { error: 'invalid_client' }, 'disabled');
  });

  await t.test('one binding', async (t) => {
    const dpop = aProver().proof({ method: 'POST', url: `${issuer}/oauth2/token` });
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: billing.id }).toString();
    const headers = { dpop, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await over(own)(`${mtlsUrl}/oauth2/token`, { method: 'POST', headers, body });
    t.match([answer.status, (await jsonOf(answer))['error']], [400, 'invalid_request']);
    const secret = await opened.client('with-secret', { certificateBound: true });
    const fields = { grant_type: 'client_credentials', client_id: secret.id, client_secret: secret.secret };
    t.match((await post('/oauth2/token', fields)).body, { error: 'invalid_request' }, 'nothing to bind to');
    const bound = (await post('/oauth2/token', fields, other)).body.access_token;
    t.match(claimsOf(bound), { cnf: { 'x5t#S256': thumbprintOf(other) } }, 'by secret, bound to any');
  });

  await t.test('a key beside the certificate, proved for the address that was asked', async (t) => {
    const client = await opened.client('keyed', { certificate: 'keyed.example' });
    const pem = await opened.ours.issue('DNS:keyed.example');
    const prover = aProver();
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: client.id }).toString();
    for (const [base, status] of [
      [mtlsUrl, 200],
      [issuer, 200],
      ['https://else.example', 400],
    ] as const) {
      const dpop = prover.proof({ method: 'POST', url: `${base}/oauth2/token` });
      const headers = { dpop, 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await over(pem)(`${mtlsUrl}/oauth2/token`, { method: 'POST', headers, body });
      t.equal(answer.status, status, base);
    }
  });

  await t.test('an exchanged token is bound to who exchanged it', async (t) => {
    const subject = await token();
    const fields = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      ...{ subject_token: subject, resource: 'countersign' },
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    const { body } = await post('/oauth2/token', fields, renewed);
    t.match(claimsOf(body.access_token), {
      cnf: { 'x5t#S256': thumbprintOf(renewed) },
      act: { sub: billing.id },
    });
  });

  await t.test('gRPC Introspect', async (t) => {
    const mine = await token(own, { resource: 'countersign' });
    t.match(await opened.grpc.introspect(mine), { active: true, cnf: { jkt: '', x5tS256: x5t } });
  });

  await t.test('userinfo, and the routes of the account, ask for the certificate first', async (t) => {
    const mine = await token(own, { resource: 'countersign' });
    const headers = { authorization: `Bearer ${mine}` };
    const without = await over()(`${mtlsUrl}/oauth2/userinfo`, { headers });
    t.match([without.status, (await jsonOf(without))['code']], [401, 'invalid_token']);
    const others = await over(renewed)(`${mtlsUrl}/oauth2/userinfo`, { headers });
    t.equal(others.status, 401, 'the same client, another certificate');
    const holder = await over(own)(`${mtlsUrl}/oauth2/userinfo`, { headers });
    t.match(
      [holder.status, (await jsonOf(holder))['code']],
      [403, 'permission_denied'],
      'a client is no user',
    );
    t.equal((await call('GET', '/auth/me', { token: mine })).body.code, 'invalid_token');
    const proof = aProver().headers({ method: 'GET', url: `${issuer}/oauth2/userinfo`, token: mine });
    t.equal((await over(own)(`${mtlsUrl}/oauth2/userinfo`, { headers: proof })).status, 401, 'as DPoP');
  });

  await t.test('guard.verify', async (t) => {
    const mine = await token();
    t.equal(await said(guard, mine, { certificate: derOf(own) }), 'accepted');
    t.equal(await said(guard, mine, { certificate: () => derOf(own) }), 'accepted');
    for (const certificate of [undefined, derOf(renewed), () => undefined])
      t.equal(await said(guard, mine, { certificate }), '401 invalid_token certificate');
    t.equal(await said(guard, mine), '401 invalid_token certificate', 'without options');
    const again = await guard.verify(mine, { certificate: derOf(own) });
    t.strictSame(again.cnf, { 'x5t#S256': x5t });
    t.equal(await said(guard, mine, { again }), 'accepted', 'on the same connection');
    await t.rejects(guard.verify(mine, { certificate: 'x' as never }), TypeError);
    const unbound = await opened.client('plain');
    const fields = { grant_type: 'client_credentials', client_id: unbound.id, client_secret: unbound.secret };
    const plain = (await post('/oauth2/token', { ...fields, resource: audience })).body.access_token;
    t.equal(await said(guard, plain, { certificate: derOf(own) }), 'accepted', 'a token that is not bound');
  });

  await t.test('services that end TLS themselves', async (t) => {
    const mine = await token();
    const { certificate: cert, key } = opened.server;
    const https = { cert, key, ca: opened.ours.certificate, requestCert: true, rejectUnauthorized: false };
    const app = fastify({ https });
    await app.register(guardPlugin, { guard });
    app.get('/', async ({ caller }) => ({ sub: caller?.sub }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    t.teardown(() => app.close());
    const port = (app.server.address() as AddressInfo).port;
    const headers = { authorization: `Bearer ${mine}` };
    const get = async (pem?: Pem) => (await over(pem)(`https://127.0.0.1:${port}/`, { headers })).status;
    t.strictSame([await get(own), await get(), await get(renewed)], [200, 401, 401], 'Fastify');

    const plain = express();
    // As behind a proxy of its own, which it trusts.
    const certificate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) =>
      headers['x-test'] === undefined ? undefined : Buffer.from(String(headers['x-test']), 'base64');
    plain.use(requireInExpress(guard, { certificate }));
    plain.get('/', (request, response) => void response.json({ sub: request.caller?.sub }));
    const server = createServer(plain).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const ask = async (pem?: Pem) => {
      const more = pem === undefined ? {} : { 'x-test': derOf(pem).toString('base64') };
      return (await fetch(url, { headers: { ...headers, ...more } })).status;
    };
    t.strictSame([await ask(own), await ask(), await ask(renewed)], [200, 401, 401], 'Express');
  });

  await t.test('a service of gRPC', async (t) => {
    const mine = await token();
    const { certificate: cert_chain, key: private_key } = opened.server;
    const ca = opened.ours.certificate;
    const server = new Server({ interceptors: [guardInterceptor(guard)] });
    const [bytes, same] = [Buffer.alloc(0), (value: Buffer) => value];
    const method = {
      ...{ path: '/orders.v1.Orders/Get', requestStream: false, responseStream: false },
      ...{ requestSerialize: same, requestDeserialize: same },
      ...{ responseSerialize: same, responseDeserialize: same },
    };
    server.addService(
      { get: method },
      { get: (_: unknown, answer: (error: null, answered: Buffer) => void) => answer(null, bytes) },
    );
    const identity = ServerCredentials.createSsl(ca, [{ cert_chain, private_key }], true);
    const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', identity);
    t.teardown(() => server.forceShutdown());
    const get = async ({ key, certificate }: Pem) => {
      const Orders = makeGenericClientConstructor({ get: method }, 'Orders');
      const client = new Orders(`127.0.0.1:${port}`, credentials.createSsl(ca, key, certificate));
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${mine}`);
      const call = client['get'] as (...parameters: unknown[]) => void;
      const error = await new Promise<ServiceError | null>((resolve) => {
        call.call(client, bytes, metadata, resolve);
      });
      client.close();
      return error === null ? 'OK' : status[error.code];
    };
    t.strictSame([await get(own), await get(renewed)], ['OK', 'UNAUTHENTICATED']);
  });

  await t.test('a logout needs the certificate of a bound token', async (t) => {
    const mine = await token(own, { resource: 'countersign' });
    const answer = await call('POST', '/auth/logout', { token: mine });
    t.equal(answer.status, 401);
  });
});

t.test('Client-Cert counts only from a trusted proxy', async (t) => {
  const { httpPort, billing, own } = await open(t);
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: billing.id }).toString();
  const ask = (headers: object, localAddress = '127.0.0.1') =>
    new Promise<string>((resolve, reject) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const options = { method: 'POST', headers: { ...type, ...headers }, localAddress, agent: false };
      const sent = plainRequest(`http://127.0.0.1:${httpPort}/oauth2/token`, options, (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve(`${answer.statusCode} ${JSON.parse(text).error ?? 'token'}`));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const der = derOf(own).toString('base64');
  const rows: readonly (readonly [what: string, object, string])[] = [
    ['the proxy', field(own), '200 token'],
    ['the proxy, escaped', { 'client-cert': encodeURIComponent(String(own.certificate)) }, '200 token'],
    ['the proxy, without one', { 'client-cert': '' }, '401 invalid_client'],
    ['no certificate', { 'client-cert': ':AAAA:' }, '400 invalid_request'],
    ['without colons', { 'client-cert': der }, '400 invalid_request'],
    ['twice', { 'client-cert': [`:${der}:`, `:${der}:`] }, '400 invalid_request'],
    ['badly escaped', { 'client-cert': '%' }, '400 invalid_request'],
    [
      'two in one',
      { 'client-cert': encodeURIComponent(String(own.certificate).repeat(2)) },
      '400 invalid_request',
    ],
  ];
  for (const [what, headers, expected] of rows) t.equal(await ask(headers), expected, what);
  t.equal(await ask(field(own), '127.0.0.2'), '401 invalid_client', 'somebody else');
  const forwarded = { ...field(own), 'x-forwarded-for': '127.0.0.1' };
  t.equal(await ask(forwarded, '127.0.0.2'), '401 invalid_client', 'somebody else who names the proxy');
});

t.test('without MTLS_URL nobody is believed', async (t) => {
  const node = await startIssuer(t, { env: { TRUSTED_PROXIES: '127.0.0.1' } });
  const folder = await openCertificateFolder();
  t.teardown(folder.remove);
  const own = await (await folder.newCa()).issue(`URI:${name}`);
  const { id } = await node.client('billing', { certificate: name });
  const answer = await node.form(
    '/oauth2/token',
    { grant_type: 'client_credentials', client_id: id },
    field(own),
  );
  t.match(answer, { status: 401, body: { error: 'invalid_client' } });
  const { body } = await node.call('GET', '/.well-known/oauth-authorization-server');
  t.notOk('mtls_endpoint_aliases' in body);
});

t.test('how a client is registered', async (t) => {
  const { client } = await startIssuer(t);
  const rows: readonly (readonly [given: object, field: string])[] = [
    [{ certificate: 'not a name' }, 'certificate'],
    [{ certificate: name, jwks: { keys: [] } }, 'certificate'],
    [{ kind: 'app', isPublic: true, certificateBound: true }, 'public'],
    [{ kind: 'app', isPublic: true, certificate: name }, 'public'],
  ];
  for (const [given, named] of rows)
    await t.rejects(client('shop', given), { code: 'invalid_request', errors: [{ field: named }] });
  t.equal((await client('shop', { certificate: name })).secret, '', 'no secret');
  await t.rejects(client('shop-2', { certificate: name }), { code: 'name_taken' });
});
