/** Bound tokens at services: Fastify, Express and gRPC behind a guard of a real authority. */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
import t from 'tap';
import { requireCaller as requireInExpress } from '../../../packages/guard/src/express.ts';
import { guardPlugin } from '../../../packages/guard/src/fastify.ts';
import { callerOf, guardInterceptor } from '../../../packages/guard/src/grpc.ts';
import { password, startAuthority } from '../../support/authority.ts';
import { createHttpClient } from '../../support/clients.ts';
import { said } from '../../support/guards.ts';
import { aProver } from '../../support/proofs.ts';
import { guardOf } from '../../support/twoNodes.ts';

const email = 'alice@example.com';
const authority = await startAuthority();
t.teardown(() => authority.stop());
await authority.register(email);
const guard = guardOf(t, authority);
await guard.ready();
const prover = aProver();
const login = async (): Promise<string> => {
  const dpop = prover.proof({ method: 'POST', url: 'http://127.0.0.1:8080/auth/login' });
  const answer = await authority.call('POST', '/auth/login', {
    body: { email, password },
    headers: { dpop },
  });
  return answer.body.access_token;
};
const token = await login();
const { access_token: plain } = await authority.login(email);
const url = 'https://orders.example/orders';
const proofFor = (change: object = {}) => prover.proof({ method: 'GET', url, token, ...change });

t.test('guard.verify takes the method, the address and the proof', async (t) => {
  const proof = proofFor();
  const request = { method: 'GET', url: `${url}?page=2`, proof };
  t.equal(await said(guard, token, { request }), 'accepted');
  t.equal((await guard.verify(token, { request: { ...request, proof: proofFor() } })).cnf?.jkt, prover.jkt);
  const rows: readonly (readonly [string, string, object | undefined, string])[] = [
    ['D7: a proof twice', token, {}, '401 invalid_dpop_proof replayed'],
    ['D10: as Bearer', token, undefined, '401 invalid_token bound'],
    ['D10: as Bearer, of a request', token, { proof: undefined }, '401 invalid_token bound'],
    ['an empty header', token, { proof: '' }, '401 invalid_dpop_proof malformed'],
    ['D5', token, { proof: proofFor(), method: 'POST' }, '401 invalid_dpop_proof method'],
    ['D4', token, { proof: proofFor(), url: 'https://other.example/orders' }, '401 invalid_dpop_proof url'],
    ['D6', token, { proof: proofFor({ token: plain }) }, '401 invalid_dpop_proof access_token'],
    ['D12', token, { proof: aProver().proof({ method: 'GET', url, token }) }, '401 invalid_token other_key'],
    ['D11', plain, { proof: proofFor({ token: plain }) }, '401 invalid_token not_bound'],
    ['an unbound token', plain, { proof: undefined }, 'accepted'],
    ['an unbound token alone', plain, undefined, 'accepted'],
  ];
  for (const [what, given, change, expected] of rows)
    t.equal(await said(guard, given, change && { request: { ...request, ...change } }), expected, what);
  t.match(guard.state().counts.refused, { invalid_dpop_proof: 5, invalid_token: 4 });
  for (const bad of [{ url: '/orders' }, { method: '' }, { proof: 1 as unknown as string }])
    await t.rejects(guard.verify(token, { request: { ...request, ...bad } }), TypeError);
});

t.test('a connection that lasts needs no second proof, and ends with the session', async (t) => {
  const mine = await login();
  const request = { method: 'GET', url, proof: proofFor({ token: mine }) };
  const again = await guard.verify(mine, { request });
  t.equal(await said(guard, mine, { again }), 'accepted');
  t.equal(await said(guard, mine, { again: { ...again } }), '401 invalid_token bound', 'not what it gave');
  t.equal(await said(guard, token, { again }), '401 invalid_token bound', 'of another token');
  await authority.authority.operations.revoke({ token: mine }, { name: 'operator' });
  t.equal(await said(guard, mine, { again }), '401 invalid_token revoked');
});

t.test('fifty times at once, one is accepted', async (t) => {
  const request = { method: 'GET', url, proof: proofFor() };
  const answers = await Promise.all(Array.from({ length: 50 }, () => said(guard, token, { request })));
  t.equal(answers.filter((answer) => answer === 'accepted').length, 1);
});

async function listening(server: HttpServer): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const frameworks: Readonly<Record<string, (origin?: string) => Promise<string>>> = {
  async fastify(origin) {
    const app = fastify();
    await app.register(guardPlugin, { guard, ...(origin === undefined ? {} : { origin }) });
    app.get('/orders', async ({ caller }) => ({ sub: caller?.sub }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    t.teardown(() => app.close());
    return listening(app.server);
  },
  async express(origin) {
    const app = express();
    app.use('/', requireInExpress(guard, origin === undefined ? {} : { origin }));
    app.get('/orders', (request, response) => void response.json({ sub: request.caller?.sub }));
    const server = app.listen(0, '127.0.0.1');
    t.teardown(() => void server.close());
    return listening(server);
  },
};

for (const [name, start] of Object.entries(frameworks)) {
  t.test(name, async (t) => {
    const base = await start();
    const call = createHttpClient(base);
    const get = (headers: Record<string, string>) => call('GET', '/orders?page=2', { headers });
    const asOwner = () => prover.headers({ method: 'GET', url: `${base}/orders`, token });
    t.equal((await get(asOwner())).status, 200);
    t.equal((await get({ authorization: `Bearer ${plain}` })).status, 200);
    const once = asOwner();
    await get(once);
    const rows: readonly (readonly [string, Record<string, string>, string])[] = [
      ['a proof twice', once, 'invalid_dpop_proof'],
      ['as Bearer', { authorization: `Bearer ${token}` }, 'invalid_token'],
      ['as Bearer with its proof', { ...asOwner(), authorization: `Bearer ${token}` }, 'invalid_token'],
      ['without a proof', { authorization: `DPoP ${token}` }, 'invalid_dpop_proof'],
      ['an unbound token as DPoP', { ...asOwner(), authorization: `DPoP ${plain}` }, 'invalid_token'],
    ];
    for (const [what, headers, code] of rows) {
      const answer = await get(headers);
      t.match([answer.status, answer.body.code], [401, code], what);
    }
    const challenge = (await get(once)).headers.get('www-authenticate');
    t.match(challenge, /^DPoP realm="countersign", error="invalid_dpop_proof", .*algs="ES256"$/);
    const named = createHttpClient(await start('https://api.example'));
    const own = { method: 'GET', url: 'https://api.example/orders', token };
    t.equal((await named('GET', '/orders', { headers: prover.headers(own) })).status, 200, 'behind a proxy');
    t.equal((await named('GET', '/orders', { headers: asOwner() })).status, 401);
  });
}

t.test('gRPC', async (t) => {
  const server = new Server({ interceptors: [guardInterceptor(guard)] });
  const serialize = (value: object) => Buffer.from(JSON.stringify(value));
  const deserialize = (bytes: Buffer): object => JSON.parse(String(bytes));
  const method = {
    ...{ path: '/orders.v1.Orders/Get', requestStream: false, responseStream: false },
    ...{ requestSerialize: serialize, requestDeserialize: deserialize },
    ...{ responseSerialize: serialize, responseDeserialize: deserialize },
  };
  const service = { get: method };
  server.addService(service, {
    get: (call: Parameters<typeof callerOf>[0], answer: (error: null, answered: object) => void) =>
      answer(null, { sub: callerOf(call).sub }),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
  const client = new (makeGenericClientConstructor(service, 'Orders'))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  const call = (fields: Record<string, string>) =>
    new Promise<string>((resolve) => {
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
      const get = client['get'] as (...parameters: unknown[]) => void;
      get.call(client, {}, metadata, (error: ServiceError | null) =>
        resolve(error === null ? 'OK' : `${status[error.code]} ${error.metadata.get('www-authenticate')}`),
      );
    });
  const fields = prover.headers({
    method: 'POST',
    url: `https://127.0.0.1:${port}/orders.v1.Orders/Get`,
    token,
  });
  t.equal(await call(fields), 'OK');
  t.match(
    await call(fields),
    /^UNAUTHENTICATED DPoP realm="countersign", error="invalid_dpop_proof"/,
    'twice',
  );
  t.match(await call({ authorization: `Bearer ${token}` }), /^UNAUTHENTICATED DPoP .*error="invalid_token"/);
  t.equal(await call({ authorization: `Bearer ${plain}` }), 'OK');
});

t.test('after a logout, a proof does not help', async (t) => {
  const mine = await login();
  const ofLogout = { method: 'POST', url: 'http://127.0.0.1:8080/auth/logout', token: mine };
  const answer = await authority.call('POST', '/auth/logout', { headers: prover.headers(ofLogout) });
  t.equal(answer.status, 204);
  const request = { method: 'GET', url, proof: proofFor({ token: mine }) };
  t.equal(await said(guard, mine, { request }), '401 invalid_token revoked');
});
