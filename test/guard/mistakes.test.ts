/** What goes wrong around a guard: in the service that has it, or in requests that nobody means well. */
import { strictEqual } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { Metadata, type ServerInterceptor, status } from '@grpc/grpc-js';
import t from 'tap';
import { verifySent } from '../../packages/guard/src/bearer.ts';
import { requireCaller } from '../../packages/guard/src/express.ts';
import { type GuardInterceptorOptions, guardInterceptor } from '../../packages/guard/src/grpc.ts';
import { GuardError } from '../../packages/guard/src/guardError.ts';
import { aGuard, aLeasedGuard } from '../support/guards.ts';

const requestOf = () => ({ method: 'GET', url: 'https://orders.example/' });
const claims = { sub: 'alice' } as unknown as AccessTokenClaims;
const guard = {
  async verify(token: string | undefined): Promise<AccessTokenClaims> {
    if (token === 'broken') throw new TypeError('secret');
    if (token !== 'good') throw new GuardError('invalid_token');
    return claims;
  },
};

/** The status of a call with these values of `authorization`; `OK` when it reaches the service. */
async function callThrough(options: GuardInterceptorOptions, ...authorization: string[]): Promise<string> {
  const metadata = new Metadata();
  for (const value of authorization) metadata.add('authorization', value);
  return new Promise((resolve) => {
    const call = {
      start: (listener: { onReceiveMetadata(metadata: Metadata): void }) =>
        listener.onReceiveMetadata(metadata),
      sendStatus: ({ code, details }: { code: status; details: string }) => {
        strictEqual(details.includes('secret'), false);
        resolve(status[code]);
      },
    };
    const interceptor = guardInterceptor(guard, options);
    const guarded = interceptor(
      { path: '/orders.v1.Orders/Get' } as Parameters<ServerInterceptor>[0],
      call as unknown as Parameters<ServerInterceptor>[1],
    );
    guarded.start({
      onReceiveMetadata: () => resolve('OK'),
      onReceiveMessage() {},
      onReceiveHalfClose() {},
      onCancel() {},
    } as unknown as Parameters<typeof guarded.start>[0]);
  });
}

t.test('gRPC: a mistake of the service is answered, and somebody is told', async (t) => {
  const thrower = () => {
    throw new RangeError('secret');
  };
  const mistakes: [string, GuardInterceptorOptions, string][] = [
    ['scopes throws', { scopes: thrower }, 'Bearer good'],
    ['isPublic throws', { isPublic: thrower }, 'Bearer good'],
    ['the guard throws what is no refusal', {}, 'Bearer broken'],
  ];
  for (const [what, options, authorization] of mistakes) {
    const told: unknown[] = [];
    const onError = (error: unknown, path: string) => void told.push((error as Error).message, path);
    t.equal(await callThrough({ ...options, onError }, authorization), 'INTERNAL', what);
    t.strictSame(told, ['secret', '/orders.v1.Orders/Get'], what);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    t.equal(await callThrough(options, authorization), 'INTERNAL', what);
    t.match(await warned, { message: 'secret' }, 'without a hook, whoever reads the output');
    t.equal(
      await callThrough({ ...options, onError: thrower }, authorization),
      'INTERNAL',
      'a hook that throws',
    );
  }
  const told: unknown[] = [];
  const onError = (error: unknown) => void told.push(error);
  t.equal(await callThrough({ onError }, 'Bearer bad'), 'UNAUTHENTICATED');
  t.strictSame(told, [], 'a refusal is no mistake');
});

t.test('gRPC: who sends several tokens is refused', async (t) => {
  t.equal(await callThrough({}, 'Bearer good'), 'OK');
  t.equal(await callThrough({}, 'Bearer good', 'Bearer bad'), 'UNAUTHENTICATED');
  t.equal(await callThrough({}, 'Bearer bad', 'Bearer good'), 'UNAUTHENTICATED');
  t.equal(await callThrough({}, 'Bearer good', 'Bearer good'), 'UNAUTHENTICATED');
});

t.test('a header that holds no bearer token is counted as refused', async (t) => {
  const outcomes: unknown[] = [];
  const hooks = { verified: (outcome: unknown) => void outcomes.push(outcome) };
  const { authority, guard } = await aLeasedGuard(t, { options: { hooks } });
  const { good } = authority.forge;
  await guard.verify(good);
  for (const header of ['Basic x', good, `Bearer ${good}, Bearer ${good}`, '']) {
    const sent = { authorization: header, proof: undefined };
    await t.rejects(verifySent(guard, sent, requestOf), { code: 'invalid_token' }, header.slice(0, 10));
  }
  t.match(guard.state().counts, { acceptedFromMemory: 1, refused: { invalid_token: 4 } });
  t.match(outcomes.at(-1), { accepted: false, code: 'invalid_token' });
  const alone = aGuard(t, [{ address: '127.0.0.1:1' }]);
  const basic = { authorization: 'Basic x', proof: undefined };
  await t.rejects(verifySent(alone, basic, requestOf), { code: 'invalid_token' }, 'nobody is asked');
});

t.test('Express: what was answered meanwhile is left alone', async (t) => {
  const response = {
    headersSent: true,
    writeHead() {
      throw new Error('ERR_HTTP_HEADERS_SENT');
    },
  } as unknown as ServerResponse;
  const request = { headers: { authorization: 'Bearer bad' } } as unknown as IncomingMessage;
  await t.resolves(requireCaller(guard)(request, response, () => t.fail('it must not go on')));
});
