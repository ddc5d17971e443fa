/**
 * What all methods have in common, unary ones and streams: who calls, a request within its limits, one answer or one
 * status in time, and one measurement. Does not own what a method does: that is one flow each.
 */
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Service } from '../authn/service.ts';
import { type Clock, withDeadline } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Authorize } from './callers.ts';
import { type Method, methods } from './methods.ts';
import { readable } from './requests.ts';
import { toGrpcError } from './status.ts';

/** Answers at once or as a promise. `isAbandoned`: whether nobody waits for the answer any more. */
export type Answer<Request, Response> = (
  request: Request,
  caller: Service,
  isAbandoned: () => boolean,
) => Response | Promise<Response>;

/**
 * Serves one stream: resolves when it has ended well, rejects with the error that ends it. `authorizeAgain` rejects when the
 * caller may not go on: a stream may live for longer than its permission.
 */
export type Serve<Request, Response> = (
  call: ServerDuplexStream<Request, Response>,
  authorizeAgain: () => Promise<unknown>,
) => Promise<void>;

export interface Rpc {
  unary<Request, Response>(
    method: Method,
    answer: Answer<Request, Response>,
  ): handleUnaryCall<Request, Response>;
  /** Whoever serves it gives each message to `readable`, and listens for `cancelled`. */
  stream<Request, Response>(
    method: Method,
    serve: Serve<Request, Response>,
  ): handleBidiStreamingCall<Request, Response>;
  /** Resolves when no unary call is under way. */
  idle(): Promise<void>;
  /** For what fails and is no answer to a call of its own, such as one of a batch. */
  report(method: Method, error: unknown): void;
}

export interface RpcParts {
  /** Throws `unavailable` while the database may not be believed. */
  readonly requireTruth: () => void;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

export function createRpc(parts: RpcParts): Rpc {
  const { clock, metrics, requireTruth } = parts;
  const authorize: Authorize = (method, call) => {
    requireTruth();
    return parts.authorize(method, call);
  };
  const report = (method: Method, error: unknown) => reportError(parts, method, error);
  const measure = (method: Method, started: number, code: status) =>
    metrics.grpcCall(method, status[code] ?? '', (clock.monotonic() - started) / 1000);

  let underWay = 0;
  let onIdle = () => {};
  const ended = () => {
    underWay -= 1;
    if (underWay === 0) onIdle();
  };

  return {
    report,

    idle: async () => {
      if (underWay === 0) return;
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    },

    unary<Request, Response>(method: Method, answer: Answer<Request, Response>) {
      const { milliseconds } = methods[method];
      return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
        const started = clock.monotonic();
        underWay += 1;
        const failed = (error: unknown) => {
          ended();
          report(method, error);
          const grpcError = toGrpcError(error);
          measure(method, started, call.cancelled ? status.CANCELLED : grpcError.code);
          callback(grpcError);
        };
        const done = (response: Response) => {
          ended();
          measure(method, started, call.cancelled ? status.CANCELLED : status.OK);
          callback(null, response);
        };
        try {
          const response = begin(method, answer, call);
          // Most answers are there at once: a timer for each would cost more than they do.
          if (response instanceof Promise)
            withDeadline(clock, milliseconds, response, tooLate).then(done, failed);
          else done(response);
        } catch (error) {
          failed(error);
        }
      };
    },

    stream(method, serve) {
      return (call) => {
        const started = clock.monotonic();
        // One that breaks ends as well, and that is noticed where it is read and written.
        call.on('error', () => {});
        const authorizeNow = async () => authorize(method, call);
        const run = async () => {
          await authorizeNow();
          await serve(call, authorizeNow);
        };
        run().then(
          () => {
            measure(method, started, call.cancelled ? status.CANCELLED : status.OK);
            call.end();
          },
          (error) => {
            report(method, error);
            const grpcError = toGrpcError(error);
            measure(method, started, call.cancelled ? status.CANCELLED : grpcError.code);
            call.emit('error', grpcError);
          },
        );
      };
    },
  };

  function begin<Request, Response>(
    method: Method,
    answer: Answer<Request, Response>,
    call: ServerUnaryCall<Request, Response>,
  ): Response | Promise<Response> {
    const isAbandoned = () => call.cancelled;
    const caller = authorize(method, call);
    if (!(caller instanceof Promise)) return answer(readable(call.request), caller, isAbandoned);
    return caller.then((found) => {
      // What nobody waits for any more is not begun.
      if (isAbandoned()) throw tooLate();
      return answer(readable(call.request), found, isAbandoned);
    });
  }
}

function tooLate(): AuthorityError {
  return new AuthorityError('deadline_exceeded', { retryAfterSeconds: 1 });
}

function reportError({ log, metrics }: RpcParts, method: Method, error: unknown): void {
  const known = error instanceof AuthorityError ? error : undefined;
  metrics.refusal(known?.code ?? 'internal', known?.reason);
  if (known === undefined) log.error({ method, err: error }, 'a call failed');
  else if (known.code === 'unavailable')
    log.warn({ method, reason: known.reason, err: known.cause }, 'unavailable');
  else log.debug({ method, code: known.code, reason: known.reason }, 'refused');
}
