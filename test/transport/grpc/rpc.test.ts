/** What every method has in common, with time of our own: deadlines, abandoned calls, streams. */
import { EventEmitter } from 'node:events';
import { loadContract } from '@countersign/verifier/contract/contract';
import { AuthorityError } from '@countersign/verifier/errors';
import { Metadata, type ServerDuplexStream, type ServerUnaryCall, status } from '@grpc/grpc-js';
import t from 'tap';
import { createLog } from '../../../src/platform/observability/log.ts';
import { createMetrics } from '../../../src/platform/observability/metrics.ts';
import type { Service } from '../../../src/services/service.ts';
import { createCallReports } from '../../../src/transport/grpc/callReports.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { withinLimits } from '../../../src/transport/grpc/requests.ts';
import { createRpc } from '../../../src/transport/grpc/rpc.ts';
import type { GrpcError } from '../../../src/transport/grpc/status.ts';
import { methods } from '../../support/grpcMethods.ts';
import { createManualClock } from '../../support/manualClock.ts';

const never = () => new Promise<never>(() => {});
const aService = { name: 'a', permissions: ['tokens.check', 'tokens.revoke'] } as unknown as Service;

function openRpc() {
  const clock = createManualClock(0);
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  const reports = createCallReports({ clock, metrics, log });
  const rpc = createRpc({ methods, authorize: () => aService, reports, clock });
  const counted = async () => (await metrics.text()).match(/grpc_call_seconds_count\{.*/g) ?? [];
  return { rpc, clock, lines, counted };
}

/** A call as the library gives it to a handler. */
function aCall() {
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer token');
  return Object.assign(new EventEmitter(), {
    metadata,
    request: {},
    cancelled: false,
    call: { admitted: { caller: aService, startedAt: 0 } },
    ended: false,
    getAuthContext: () => ({}),
    end() {
      this.ended = true;
    },
  });
}

type Called = ReturnType<typeof aCall>;

/** Starts a unary call; what it was answered, once it was. */
function start(
  rpc: ReturnType<typeof openRpc>['rpc'],
  method: keyof typeof methods,
  answer: () => unknown,
  call = aCall(),
) {
  const told: { error: GrpcError | null; response: unknown }[] = [];
  rpc.unary(method, answer)(call as unknown as ServerUnaryCall<unknown, unknown>, (error, response) => {
    told.push({ error: error as GrpcError | null, response });
  });
  return told;
}

t.test('an answer that is there is given at once', async (t) => {
  const { rpc, counted } = openRpc();
  t.match(
    start(rpc, 'IsRevoked', () => ({ revoked: false })),
    [{ error: null, response: { revoked: false } }],
  );
  t.match(await counted(), [/method="IsRevoked",status="OK"\} 1/]);
});

t.test('who gave no deadline gets ours, of the method', async (t) => {
  for (const [method, milliseconds] of [
    ['IsRevoked', grpcLimits.grpcCheckMilliseconds],
    ['BatchIsRevoked', grpcLimits.grpcBatchMilliseconds],
    ['Revoke', grpcLimits.grpcChangeMilliseconds],
  ] as const) {
    const { rpc, clock, counted } = openRpc();
    const told = start(rpc, method, never);
    await clock.advance(milliseconds - 1);
    t.strictSame(told, [], method);
    await clock.advance(1);
    t.match(told, [{ error: { code: status.DEADLINE_EXCEEDED } }], method);
    t.match(await counted(), [/status="DEADLINE_EXCEEDED"\} 1/]);
  }
});

t.test('a stream: how it ends, and that it is counted', async (t) => {
  const serve = async (call: Called, work: () => Promise<void>) => {
    const { rpc, counted, lines } = openRpc();
    const errors: GrpcError[] = [];
    call.on('error', (error) => errors.push(error));
    rpc.stream('WatchRevocations', work)(call as unknown as ServerDuplexStream<unknown, unknown>);
    await new Promise((resolve) => setImmediate(resolve));
    return { errors, counted: await counted(), ended: call.ended, lines: lines.join('') };
  };
  t.match(await serve(aCall(), async () => {}), { errors: [], ended: true, counted: [/status="OK"\} 1/] });
  t.match(await serve(aCall(), never), { errors: [], ended: false, counted: [] });
  const refused = async () => Promise.reject(new AuthorityError('unavailable', { retryAfterSeconds: 1 }));
  t.match(await serve(aCall(), refused), {
    errors: [{ code: status.UNAVAILABLE }],
    counted: [/UNAVAILABLE/],
  });
  const broken = await serve(aCall(), async () => Promise.reject(new Error('secret')));
  t.match(broken, { errors: [{ code: status.INTERNAL, details: 'Something went wrong here' }] });
  t.match(broken.lines, /a call failed/);
});

t.test('every method has a permission and limits', async (t) => {
  for (const [name, { requestBytes, milliseconds }] of Object.entries(methods)) {
    const isBatch = name.startsWith('Batch');
    t.equal(requestBytes, isBatch ? grpcLimits.grpcBatchBytes : grpcLimits.grpcRequestBytes, name);
    t.ok(milliseconds > 0);
  }
});

t.test('a method without a row is not served', async (t) => {
  const { IsRevoked } = loadContract().v1.TokenService.service;
  t.throws(() => withinLimits({ New: IsRevoked }, methods), /New has no row/);
});
