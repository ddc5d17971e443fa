/**
 * A call below the library's interceptors, which only see complete messages. `test/transport/grpc/strangers.test.ts` fails when
 * the library changes.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { Service } from '../../services/service.ts';
import type { Calling } from './callers.ts';
import type { GrpcError } from './status.ts';

type Call = ReturnType<ServerInterceptor>;
/** The library's events of a call: metadata, messages, the request's end, and always last the call's end. */
export type CallListener = Parameters<Call['start']>[0];

/** An admitted call: its service, and when it was admitted, on the monotonic clock. */
export interface Admitted {
  readonly caller: Service;
  readonly startedAt: number;
}

export interface LibraryCall extends Calling {
  /** Our member; set once the call is admitted. */
  admitted?: Admitted;
  readonly stream: ServerHttp2Stream;
  readonly metadata: Metadata;
  readonly receivedHalfClose: boolean;
  decoder: { write(data: Buffer): Buffer[] };
  /** Also after inflating. */
  maxReceiveMessageSize: number;
  handleDataFrame(data: Buffer): void;
  startRead(): void;
  start(listener: CallListener): void;
  sendStatus(status: GrpcError): void;
}

export function libraryCall(call: Parameters<ServerInterceptor>[1]): LibraryCall {
  return call as unknown as LibraryCall;
}

/** A call's admission, from its handler's argument. A method without admission is never answered. */
export function admittedOf(handled: object): Admitted {
  const { admitted } = (handled as { readonly call: LibraryCall }).call;
  if (admitted === undefined) throw new AuthorityError('internal', { reason: 'not_admitted' });
  return admitted;
}
