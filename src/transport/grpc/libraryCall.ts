/**
 * A call as the library has it below its interceptors, which see a message only when it is whole. `test/transport/grpc/strangers.test.ts` fails when
 * that has changed.
 */
import type { ServerHttp2Stream } from 'node:http2';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { Service } from '../../services/service.ts';
import type { Calling } from './callers.ts';
import type { GrpcError } from './status.ts';

type Call = ReturnType<ServerInterceptor>;
/** What the library tells of a call: metadata, messages, the end of the request, and that the call is over, always as the last. */
export type CallListener = Parameters<Call['start']>[0];

/** A call that was let in: by whom, and since when, on the monotonic clock. */
export interface Admitted {
  readonly caller: Service;
  readonly startedAt: number;
}

export interface LibraryCall extends Calling {
  /** Ours; there once the call was admitted. */
  admitted?: Admitted;
  readonly stream: ServerHttp2Stream;
  readonly metadata: Metadata;
  readonly receivedHalfClose: boolean;
  decoder: { write(data: Buffer): Buffer[] };
  /** Also when inflated. */
  maxReceiveMessageSize: number;
  handleDataFrame(data: Buffer): void;
  startRead(): void;
  start(listener: CallListener): void;
  sendStatus(status: GrpcError): void;
}

export function libraryCall(call: Parameters<ServerInterceptor>[1]): LibraryCall {
  return call as unknown as LibraryCall;
}

/** What is known of a call, from what its handler is given. A method without admission is answered by nobody. */
export function admittedOf(handled: object): Admitted {
  const { admitted } = (handled as { readonly call: LibraryCall }).call;
  if (admitted === undefined) throw new AuthorityError('internal', { reason: 'not_admitted' });
  return admitted;
}
