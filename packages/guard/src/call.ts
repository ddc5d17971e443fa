/** One gRPC call on an HTTP/2 stream: messages in both directions, and one end. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { createDeframer, frame } from './framing.ts';
import { ProtocolFault, RpcError, type StatusName, statusName, statusOfHttp } from './rpcError.ts';

export interface Call<Request> {
  /** Returns false when the other side reads slowly; `onDrain` then reports that it has caught up. Does nothing after the end. */
  send(message: Request): boolean;
  /** Ends our direction. */
  finish(): void;
  /** Ends the call at once; `onEnd` is no longer called. */
  cancel(): void;
}

export interface CallEvents<Response> {
  /** A thrown error ends the call. */
  onMessage(message: Response): void;
  onDrain?(): void;
  /** Called once. `undefined`: the status was OK. */
  onEnd(error: RpcError | ProtocolFault | undefined): void;
}

/** A method of the contract: `@countersign/verifier/contract/definitions`. */
export interface Method<Request extends object, Response extends object> {
  readonly path: string;
  requestSerialize(request: Request): Buffer;
  responseDeserialize(bytes: Buffer): Response;
}

/** `maximumBytes`: the longest message from the authority. */
export function createCall<Request extends object, Response extends object>(
  stream: ClientHttp2Stream,
  method: Method<Request, Response>,
  events: CallEvents<Response>,
  maximumBytes: number,
): Call<Request> {
  let ended = false;
  let status: RpcError | 'OK' | undefined;

  const end = (error: RpcError | ProtocolFault | undefined) => {
    if (ended) return;
    ended = true;
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
    events.onEnd(error);
  };
  const read = createReader(method, maximumBytes, (message) => {
    if (!ended) events.onMessage(message);
  });

  stream.on('response', (headers) => {
    status = statusOf(headers) ?? faultOfResponse(headers);
    if (status !== undefined && status !== 'OK') end(status);
  });
  stream.on('data', (chunk: Buffer) => {
    try {
      if (!ended) read(chunk);
    } catch (error) {
      end(error instanceof ProtocolFault ? error : new ProtocolFault(String(error)));
    }
  });
  stream.on('trailers', (headers) => {
    status ??= statusOf(headers);
  });
  stream.on('drain', () => events.onDrain?.());
  // `close` follows every error and handles it.
  stream.on('error', (error) => {
    status ??= new RpcError('UNAVAILABLE', error.message);
  });
  const endAsSaid = () => {
    if (status === 'OK') end(undefined);
    else end(status ?? new RpcError('UNAVAILABLE', 'the connection ended'));
  };
  // `close` would also wait for our own end.
  stream.on('end', endAsSaid);
  stream.on('close', endAsSaid);

  return {
    send(message) {
      if (ended || stream.writableEnded || stream.destroyed) return true;
      return stream.write(frame(method.requestSerialize(message)));
    },
    finish() {
      if (!stream.writableEnded && !stream.destroyed) stream.end();
    },
    cancel() {
      ended = true;
      if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
    },
  };
}

function createReader<Response extends object>(
  { responseDeserialize }: Method<never, Response>,
  maximumBytes: number,
  onMessage: (message: Response) => void,
): (chunk: Buffer) => void {
  const deframe = createDeframer(maximumBytes);
  return (chunk) => {
    for (const bytes of deframe(chunk)) onMessage(responseDeserialize(bytes));
  };
}

function statusOf(headers: IncomingHttpHeaders): RpcError | 'OK' | undefined {
  const code = headers['grpc-status'];
  if (code === undefined) return undefined;
  const name: StatusName = statusName(String(code));
  return name === 'OK' ? 'OK' : new RpcError(name, percentDecode(String(headers['grpc-message'] ?? '')));
}

function faultOfResponse(headers: IncomingHttpHeaders): RpcError | undefined {
  const { ':status': code, 'content-type': type = '' } = headers;
  if (Number(code) !== 200) return new RpcError(statusOfHttp(code), `HTTP status ${code}`);
  return type.startsWith('application/grpc') ? undefined : new RpcError('UNKNOWN', 'this is not gRPC');
}

/** Senders should percent-encode; not all do it correctly. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
