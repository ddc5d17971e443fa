/** A service asks for a user who was authenticated lately, or strongly (RFC 9470), through the guard and each framework. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceError,
} from '@grpc/grpc-js';
import fastify from 'fastify';
import t, { type Test } from 'tap';
import { requireCaller as requireCallerInExpress } from '../../packages/guard/src/express.ts';
import { guardPlugin, requireCaller } from '../../packages/guard/src/fastify.ts';
import { guardInterceptor } from '../../packages/guard/src/grpc.ts';
import type { Guard } from '../../packages/guard/src/guard.ts';
import { createHttpClient } from '../support/clients.ts';
import { aLeasedGuard, said } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';

const refused = '401 insufficient_user_authentication';
const challenge =
  'Bearer realm="countersign", error="insufficient_user_authentication", error_description="The user must prove who they are again"';

async function setUp(t: Test) {
  const clock = createManualClock(Date.UTC(2026, 5, 1));
  const { authority, guard } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  const seconds = clock.now() / 1000;
  const { withClaims, good } = authority.forge;
  return {
    ...{ authority, guard, clock, good },
    strong: withClaims({ acr: '2fa', auth_time: seconds }),
    weak: withClaims({ acr: '1fa', auth_time: seconds - 1 }),
  };
}

t.test('how long ago, and how strongly', async (t) => {
  const { guard, clock, good, strong, weak } = await setUp(t);
  for (const [token, options, expected] of [
    [strong, {}, 'accepted'],
    [strong, { maxAgeSeconds: 0, acr: '2fa' }, 'accepted'],
    [strong, { acr: '1fa' }, 'accepted'],
    [strong, { acr: 'urn:other' }, refused],
    [weak, { maxAgeSeconds: 1 }, 'accepted'],
    [weak, { maxAgeSeconds: 0 }, refused],
    [weak, { acr: '1fa' }, 'accepted'],
    [weak, { acr: '2fa' }, refused],
    [good, { acr: '1fa' }, refused],
    [weak, { acr: '2fa', scopes: ['orders'] }, '403 insufficient_scope'],
  ] as const) {
    const outcome = await said(guard, token, {
      ...options,
      ...('scopes' in options ? { scopes: [...options.scopes] } : {}),
    });
    t.equal(outcome.trim(), expected, JSON.stringify(options));
  }
  await clock.advance(2_000);
  t.equal((await said(guard, weak, { maxAgeSeconds: 3 })).trim(), 'accepted');
  t.equal((await said(guard, weak, { maxAgeSeconds: 2 })).trim(), refused, 'a second late');
  t.match(guard.state().counts.refused, { insufficient_user_authentication: 5, insufficient_scope: 1 });
});

t.test('the refusal says what is needed', async (t) => {
  const { guard, weak } = await setUp(t);
  for (const [options, said] of [
    [{ maxAgeSeconds: 0 }, ', max_age="0"'],
    [{ acr: '2fa' }, ', acr_values="2fa"'],
    [{ maxAgeSeconds: 0, acr: '2fa' }, ', max_age="0", acr_values="2fa"'],
  ] as const)
    await t.rejects(guard.verify(weak, options), {
      ...{ status: 401, grpcStatus: 'UNAUTHENTICATED', code: 'insufficient_user_authentication' },
      headers: { 'www-authenticate': challenge + said, 'cache-control': 'no-store' },
    });
});

t.test('malformed options are a mistake of the service', async (t) => {
  const { guard, strong } = await setUp(t);
  for (const options of [
    { maxAgeSeconds: -1 },
    { maxAgeSeconds: 1.5 },
    { maxAgeSeconds: Number.NaN },
    { maxAgeSeconds: '600' as unknown as number },
    { acr: '' },
    { acr: '2fa", x="' },
    { acr: 'a b' },
    { acr: ['2fa'] as unknown as string },
  ])
    await t.rejects(guard.verify(strong, options), TypeError, JSON.stringify(options));
});

t.test('Fastify', async (t) => {
  const { guard, weak, strong } = await setUp(t);
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(guardPlugin, { guard, maxAgeSeconds: 600 });
  app.get('/', async () => ({}));
  app.get('/strong', { preHandler: requireCaller(guard, { acr: '2fa' }) }, async () => ({}));
  await checkHttp(t, await app.listen({ port: 0 }), { weak, strong });
});

t.test('Express', async (t) => {
  const { guard, weak, strong } = await setUp(t);
  const server = createServer((request, response) => {
    const options = request.url === '/strong' ? { acr: '2fa' } : { maxAgeSeconds: 600 };
    void requireCallerInExpress(guard, options)(request, response, () => response.end());
  }).listen(0);
  t.teardown(() => server.close());
  await checkHttp(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, { weak, strong });
});

async function checkHttp(t: Test, base: string, { weak, strong }: { weak: string; strong: string }) {
  const call = createHttpClient(base);
  t.equal((await call('GET', '/', { token: weak })).status, 200);
  t.equal((await call('GET', '/strong', { token: strong })).status, 200);
  const { status, body, headers } = await call('GET', '/strong', { token: weak });
  t.match({ status, body }, { status: 401, body: { code: 'insufficient_user_authentication' } });
  t.equal(headers.get('www-authenticate'), `${challenge}, acr_values="2fa"`);
}

t.test('gRPC', async (t) => {
  const { guard, weak, strong } = await setUp(t);
  const client = await grpcService(t, guard);
  const call = (name: string, token: string) =>
    new Promise<ServiceError | undefined>((resolve) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      (client[name] as (...parameters: unknown[]) => void)({}, metadata, (error: ServiceError | null) =>
        resolve(error ?? undefined),
      );
    });
  t.equal(await call('Get', weak), undefined);
  t.equal(await call('Strong', strong), undefined);
  const error = await call('Strong', weak);
  t.equal(error?.code, 16, 'UNAUTHENTICATED');
  t.strictSame(error?.metadata.get('www-authenticate'), [`${challenge}, acr_values="2fa"`]);
});

async function grpcService(t: Test, guard: Guard) {
  const serialize = (value: object) => Buffer.from(JSON.stringify(value));
  const deserialize = (bytes: Buffer) => JSON.parse(String(bytes));
  const method = (name: string) => ({
    ...{ path: `/orders.v1.Orders/${name}`, requestStream: false, responseStream: false },
    ...{ requestSerialize: serialize, requestDeserialize: deserialize },
    ...{ responseSerialize: serialize, responseDeserialize: deserialize },
  });
  const service = { Get: method('Get'), Strong: method('Strong') };
  const authentication = (path: string) => (path.endsWith('/Strong') ? { acr: '2fa' } : undefined);
  const server = new Server({ interceptors: [guardInterceptor(guard, { authentication })] });
  // biome-ignore lint/suspicious/noExplicitAny: a service without generated types
  const answer = (_call: any, callback: any) => callback(null, {});
  server.addService(service, { Get: answer, Strong: answer });
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
  });
  t.teardown(() => server.forceShutdown());
  const Client = makeGenericClientConstructor(service, 'Orders');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}
