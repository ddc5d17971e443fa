/**
 * The frame of all methods, unary and streaming: one answer or status in time, and one measurement. Calls arrive admitted
 * (`admission.ts`). Does not own the methods: each calls one operation.
 */

import { once } from 'node:events';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type Heartbeat, heartbeat, whilePermitted } from '../watching.ts';
import type { Authorize, Caller } from './callers.ts';
import type { CallReports } from './callReports.ts';
import { admittedOf } from './libraryCall.ts';
import { type Methods, rowOf } from './methodRow.ts';
import { readable } from './requests.ts';
import { toGrpcError } from './status.ts';

/** Returns at once or a promise. `isAbandoned`: nobody waits for the answer any more. */
export type Answer<Request, Response> = (
  request: Request,
  caller: Caller,
  isAbandoned: () => boolean,
) => Response | Promise<Response>;

/** Answers many times: until the caller leaves, loses its permission, or there is no more. */
export type Watch<Request, Response> = (request: Request, caller: Caller) => AsyncIterable<Response>;

/** Serves one stream: resolves when it ended well, rejects with the error that ends it. */
export type Serve<Request, Response> = (
  call: ServerDuplexStream<Request, Response>,
  caller: Caller,
  /** Rejects when the caller lost its permission: a stream may outlive it. */
  authorizeAgain: () => Promise<unknown>,
) => Promise<void>;

export interface Rpc {
  unary<Request, Response>(
    method: string,
    answer: Answer<Request, Response>,
  ): handleUnaryCall<Request, Response>;
  /** Handlers pass each message to `readable` and listen for `cancelled`. */
  stream<Request, Response>(
    method: string,
    serve: Serve<Request, Response>,
  ): handleBidiStreamingCall<Request, Response>;
  watch<Request, Response>(
    method: string,
    produce: Watch<Request, Response>,
  ): handleServerStreamingCall<Request, Response>;
  /** Resolves when no unary call is in flight. */
  idle(): Promise<void>;
}

export interface RpcParts {
  readonly methods: Methods;
  readonly authorize: Authorize;
  readonly reports: CallReports;
  readonly clock: Clock;
}

export function createRpc({ methods, authorize, reports, clock }: RpcParts): Rpc {
  const { report, measure } = reports;

  let underWay = 0;
  let onIdle = () => {};
  const ended = () => {
    underWay -= 1;
    if (underWay === 0) onIdle();
  };

  const finishing = (call: Finished, method: string, startedAt: number) => ({
    done: () => {
      measure(method, startedAt, call.cancelled ? status.CANCELLED : status.OK);
      call.end();
    },
    failed: (error: unknown) => {
      report(method, error);
      const grpcError = toGrpcError(error);
      measure(method, startedAt, call.cancelled ? status.CANCELLED : grpcError.code);
      call.emit('error', grpcError);
    },
  });

  return {
    idle: async () => {
      if (underWay === 0) return;
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    },

    unary<Request, Response>(method: string, answer: Answer<Request, Response>) {
      const { milliseconds } = rowOf(methods, method);
      return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
        const { caller, startedAt } = admittedOf(call);
        underWay += 1;
        const failed = (error: unknown) => {
          ended();
          report(method, error);
          const grpcError = toGrpcError(error);
          measure(method, startedAt, call.cancelled ? status.CANCELLED : grpcError.code);
          callback(grpcError);
        };
        const done = (response: Response) => {
          ended();
          measure(method, startedAt, call.cancelled ? status.CANCELLED : status.OK);
          callback(null, response);
        };
        try {
          const response = answer(readable(call.request), caller, () => call.cancelled);
          // Most answers are immediate: a timer for each would cost more than they do.
          if (response instanceof Promise) {
            const left = startedAt + milliseconds - clock.monotonic();
            withDeadline(clock, left, response, tooLate).then(done, failed);
          } else done(response);
        } catch (error) {
          failed(error);
        }
      };
    },

    stream(method, serve) {
      const row = rowOf(methods, method);
      return (call) => {
        const { caller, startedAt } = admittedOf(call);
        // A broken stream also ends, which reader and writer notice.
        call.on('error', () => {});
        const { done, failed } = finishing(call, method, startedAt);
        serve(call, caller, async () => authorize(row, call)).then(done, failed);
      };
    },

    watch(method, produce) {
      const row = rowOf(methods, method);
      return (call) => {
        const { caller, startedAt } = admittedOf(call);
        call.on('error', () => {});
        const { done, failed } = finishing(call, method, startedAt);
        const isGone = () => call.cancelled || call.destroyed;
        const authorizeAgain = async () => authorize(row, call);
        const messages = whilePermitted({ clock, isGone, authorizeAgain }, () =>
          produce(readable(call.request), caller),
        );
        writeAll(call, messages).then(done, failed);
      };
    },
  };
}

interface Finished extends Pick<ServerDuplexStream<unknown, unknown>, 'cancelled' | 'emit'> {
  end(): unknown;
}

/** Waits for a reader that is slower: nothing piles up. */
async function writeAll<Response>(
  call: ServerWritableStream<unknown, Response>,
  messages: AsyncIterable<Response | Heartbeat>,
): Promise<void> {
  const gone = once(call, 'close');
  gone.catch(() => {});
  for await (const message of messages) {
    // The connection has heartbeats of its own.
    if (message === heartbeat || call.write(message as Response)) continue;
    await Promise.race([once(call, 'drain'), gone]);
  }
}

function tooLate(): AuthorityError {
  return new AuthorityError('deadline_exceeded', { retryAfterSeconds: 1 });
}
