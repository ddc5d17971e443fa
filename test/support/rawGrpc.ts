/** gRPC by hand over HTTP/2, for bytes that no library would send. */
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import { detailsOf, type RpcAnswer } from './rpcClient.ts';

export interface RawAnswer {
  /** Of HTTP; 0 when there was no answer. */
  readonly http: number;
  /** Of gRPC; empty when there was none. */
  readonly status: string;
  readonly message: string;
  /** google.rpc.Status with its details, if the answer has any. */
  readonly details: RpcAnswer;
  /** The code with which the stream was reset, if it was. */
  readonly reset: number;
}

export interface RawRequest {
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** What is sent, as it is. */
  readonly body?: Buffer;
  /** Leaves the request open. */
  readonly unfinished?: boolean;
  /** Never reads the answer. */
  readonly unread?: boolean;
}

export interface RawClient {
  readonly session: ClientHttp2Session;
  send(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

/** A message with its five bytes before it. */
export function frame(message: Buffer, { compressed = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** A field of a message: its number and bytes. */
export function field(number: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

export function openRaw(port: number, serviceToken: string): RawClient {
  // In megabytes: what waits to be sent counts, and then no answer is taken.
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000 });
  // Cut off, it says so on each stream too.
  session.on('error', () => {});
  return {
    session,
    send: ({
      path = '/countersign.v1.TokenService/IsRevoked',
      headers = {},
      body,
      unfinished = false,
      unread = false,
    }) =>
      new Promise((resolve) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
          authorization: `Bearer ${serviceToken}`,
          ...headers,
        });
        let found: Record<string, unknown> = {};
        const note = (headers: object) => {
          found = { ...found, ...headers };
        };
        stream.on('response', note);
        stream.on('trailers', note);
        stream.on('error', () => {});
        stream.on('close', () => {
          const bytes = found['grpc-status-details-bin'];
          resolve({
            http: Number(found[':status'] ?? 0),
            status: String(found['grpc-status'] ?? ''),
            message: decodeURIComponent(String(found['grpc-message'] ?? '')),
            details: bytes === undefined ? {} : detailsOf(Buffer.from(String(bytes), 'base64')),
            reset: stream.rstCode,
          });
        });
        if (!unread) stream.resume();
        if (body !== undefined) stream.write(body);
        if (!unfinished) stream.end();
      }),
    close: () => session.destroy(),
  };
}
