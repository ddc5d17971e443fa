/** What services answer through the plugins: to the letter, since clients read it. */
import { strictEqual } from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import {
  credentials,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import fastify from 'fastify';
import t from 'tap';
import {
  type GuardMiddleware,
  requireCaller as requireCallerInExpress,
} from '../../packages/guard/src/express.ts';
import { guardPlugin, requireCaller } from '../../packages/guard/src/fastify.ts';
import { callerOf, guardInterceptor } from '../../packages/guard/src/grpc.ts';
import { GuardError } from '../../packages/guard/src/guardError.ts';
import type { VerifyOptions } from '../../packages/guard/src/verification.ts';
import { type Answer, createHttpClient } from '../support/clients.ts';

/** Each token is named after what a guard says of it. */
const guard = {
  async verify(token: string | undefined, { scopes = [] }: VerifyOptions = {}): Promise<AccessTokenClaims> {
    if (token === undefined) throw new GuardError('token_required');
    if (token === 'good' && scopes.length === 0) return { sub: 'alice' } as unknown as AccessTokenClaims;
    if (token === 'good') throw new GuardError('insufficient_scope', { scopes });
    if (token === 'broken') throw new TypeError('secret');
    throw new GuardError(token === 'unsure' ? 'unavailable' : 'invalid_token');
  },
};

const expected: Record<string, object> = {
  none: { status: 401, challenge: 'Bearer realm="countersign"', retry: null, code: 'token_required' },
  'Bearer bad': {
    status: 401,
    challenge:
      'Bearer realm="countersign", error="invalid_token", error_description="The access token is not valid"',
    retry: null,
    code: 'invalid_token',
  },
  'Basic good': {
    status: 401,
    challenge:
      'Bearer realm="countersign", error="invalid_token", error_description="The access token is not valid"',
    retry: null,
    code: 'invalid_token',
  },
  'Bearer unsure': { status: 503, challenge: null, retry: '1', code: 'unavailable' },
  'bearer good': { status: 200, caller: 'alice' },
  'scoped: Bearer good': {
    status: 403,
    challenge: 'Bearer realm="countersign", error="insufficient_scope", scope="orders.read orders.write"',
    retry: null,
    code: 'insufficient_scope',
  },
};

function shortly({ status, headers, body }: Answer): object {
  if (status === 200) return { status, caller: body.caller };
  // The same of every refusal.
  strictEqual(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  strictEqual(headers.get('cache-control'), 'no-store');
  strictEqual(body.status, status);
  strictEqual(body.type, `urn:countersign:error:${body.code}`);
  return {
    status,
    challenge: headers.get('www-authenticate'),
    retry: headers.get('retry-after'),
    code: body.code,
  };
}

async function askAll(base: string): Promise<Record<string, object>> {
  const call = createHttpClient(base);
  const said: Record<string, object> = {};
  for (const name of Object.keys(expected)) {
    const [, scoped, authorization = ''] = /^(scoped: )?(.*)$/.exec(name) ?? [];
    const headers = authorization === 'none' ? {} : { authorization };
    said[name] = shortly(await call('GET', scoped === undefined ? '/' : '/scoped', { headers }));
  }
  return said;
}

t.test('Fastify', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  await app.register(guardPlugin, {
    guard,
    scopes: (request) => (request.routeOptions.config as { scopes?: string[] }).scopes,
    isPublic: ({ url }) => url === '/public' || url === '/single',
  });
  const answer = async (request: { caller: AccessTokenClaims | null }) => ({ caller: request.caller?.sub });
  app.get('/', answer);
  app.get('/scoped', { config: { scopes: ['orders.read', 'orders.write'] } as object }, answer);
  app.get('/public', answer);
  app.get('/single', { preHandler: requireCaller(guard) }, answer);
  const base = await app.listen({ port: 0 });
  t.strictSame(await askAll(base), expected);
  const call = createHttpClient(base);
  t.strictSame((await call('GET', '/public')).body, {}, 'a public route has no caller');
  t.equal((await call('GET', '/single')).status, 401, 'a hook of one route');
  t.equal((await call('GET', '/nowhere')).status, 401, 'what is not there is not told to strangers');
  const { status, body } = await call('GET', '/', { token: 'broken' });
  t.equal(status, 500, 'a mistake of the service is no fault of the token');
  t.notOk('caller' in body);
});

t.test('Express, and whatever takes its middleware', async (t) => {
  const server = createServer((request, response) => {
    const scopes = request.url === '/scoped' ? { scopes: () => ['orders.read', 'orders.write'] } : {};
    void requireCallerInExpress(guard, scopes)(request, response, (error) => {
      response.writeHead(error === undefined ? 200 : 500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ caller: (request as { caller?: AccessTokenClaims }).caller?.sub }));
    });
  }).listen(0);
  t.teardown(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.strictSame(await askAll(base), expected);
  t.equal((await createHttpClient(base)('GET', '/', { token: 'broken' })).status, 500);
});

t.test(
  'a preflight has no token: CORS answers it before the guard, which lets nothing through',
  async (t) => {
    const origin = 'https://app.example.com';
    const cors: GuardMiddleware = async (request, response, next) => {
      response.setHeader('access-control-allow-origin', origin);
      if (request.method !== 'OPTIONS') return next();
      response.setHeader('access-control-allow-headers', 'authorization');
      response.writeHead(204).end();
    };
    const preflight = {
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    };
    for (const [name, order, status, readable] of [
      ['CORS before the guard', [cors, requireCallerInExpress(guard)], 204, true],
      ['the guard before CORS', [requireCallerInExpress(guard), cors], 401, false],
      ['no CORS', [requireCallerInExpress(guard)], 401, false],
    ] as const) {
      const server = createServer((request, response) => {
        const rest = order.values();
        const next = (): unknown => rest.next().value?.(request, response, next) ?? response.end('reached');
        next();
      }).listen(0);
      t.teardown(() => server.close());
      const call = createHttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      t.equal((await call('OPTIONS', '/', preflight)).status, status, name);
      const refused = await call('GET', '/', { headers: { origin } });
      t.equal(refused.status, 401, 'whoever has no token');
      t.equal(refused.headers.has('access-control-allow-origin'), readable, 'a page may read why');
      t.equal((await call('GET', '/', { headers: { origin }, token: 'good' })).body, 'reached');
    }
  },
);

t.test('gRPC', async (t) => {
  const json = {
    serialize: (value: object) => Buffer.from(JSON.stringify(value)),
    deserialize: (bytes: Buffer) => JSON.parse(String(bytes)),
  };
  const method = (name: string, responseStream: boolean) => ({
    path: `/orders.v1.Orders/${name}`,
    requestStream: responseStream,
    responseStream,
    requestSerialize: json.serialize,
    requestDeserialize: json.deserialize,
    responseSerialize: json.serialize,
    responseDeserialize: json.deserialize,
  });
  const service = {
    Get: method('Get', false),
    Scoped: method('Scoped', false),
    Public: method('Public', false),
    Talk: method('Talk', true),
  };
  const server = new Server({
    interceptors: [
      guardInterceptor(guard, {
        scopes: (path) => (path.endsWith('/Scoped') ? ['orders.read'] : undefined),
        isPublic: (path) => path.endsWith('/Public'),
      }),
    ],
  });
  // biome-ignore lint/suspicious/noExplicitAny: a service without generated types
  const answer = (call: any, callback: any) => callback(null, { caller: callerOf(call).sub });
  server.addService(service, {
    Get: answer,
    Scoped: answer,
    Public: answer,
    // biome-ignore lint/suspicious/noExplicitAny: a service without generated types
    Talk(call: any) {
      call.on('data', (message: object) => call.write({ ...message, caller: callerOf(call).sub }));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
  });
  t.teardown(() => server.forceShutdown());
  const Client = makeGenericClientConstructor(service, 'Orders');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const withToken = (authorization?: string) => {
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set('authorization', authorization);
    return metadata;
  };
  const call = (name: string, authorization?: string) =>
    new Promise<unknown>((resolve) => {
      (client[name] as (...parameters: unknown[]) => void)(
        {},
        withToken(authorization),
        (error: ServiceError | null, message: unknown) =>
          resolve(error === null ? message : `${status[error.code]}: ${error.details}`),
      );
    });
  t.strictSame(await call('Get', 'Bearer good'), { caller: 'alice' });
  t.equal(await call('Get'), 'UNAUTHENTICATED: A token is required');
  t.equal(await call('Get', 'Bearer bad'), 'UNAUTHENTICATED: The access token is not valid');
  t.equal(await call('Get', 'Basic good'), 'UNAUTHENTICATED: The access token is not valid');
  t.equal(await call('Get', 'Bearer unsure'), 'UNAVAILABLE: This cannot be answered safely at the moment');
  t.equal(
    await call('Scoped', 'Bearer good'),
    'PERMISSION_DENIED: The access token lacks a scope that this needs',
  );
  t.equal(
    await call('Get', 'Bearer broken'),
    'INTERNAL: Something went wrong here',
    'and nothing is told of it',
  );
  t.equal(await call('Public'), 'UNKNOWN: Unknown error', 'a public method has no caller');

  const talk = (client['Talk'] as (metadata: Metadata) => ReturnType<typeof Object>)(
    withToken('Bearer good'),
  );
  const heard: unknown[] = [];
  talk.on('data', (message: unknown) => heard.push(message));
  for (const said of [1, 2, 3]) talk.write({ said });
  talk.end();
  await new Promise((resolve) => talk.on('end', resolve));
  t.strictSame(
    heard,
    [1, 2, 3].map((said) => ({ said, caller: 'alice' })),
    'messages that came before the answer are not lost',
  );
});
