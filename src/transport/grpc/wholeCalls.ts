/**
 * Checks past the library. A call of the two most frequent methods that has arrived whole, in plain form, from a service that is
 * known and permitted, has nothing to wait for, to inflate or to collect: it goes to its handler at once, and its answer to the
 * stream. Whatever differs in anything goes to the library unread, which serves or refuses it as every other call. So this file has
 * no limits, deadlines or refusals of its own, and a fault here can only make a call slower.
 *
 * It takes the place of the library's listener for streams; `test/transport/grpc/wholeCalls.test.ts` fails when the library changes.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { atEndOfTurn, type Clock } from '@countersign/verifier/clock';
import { type handleUnaryCall, type Server, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { AuthorizeByHeader } from './callers.ts';
import type { Connections } from './connections.ts';
import type { Admitted } from './libraryCall.ts';
import { grpcLimits } from './limits.ts';
import { listenersOf } from './listeners.ts';
import { headBytes } from './messageReader.ts';
import { type Methods, rowOf } from './methodRow.ts';
import type { GrpcError } from './status.ts';
import type { Usage } from './usage.ts';

/** How the plain form of a method's messages is read and written. */
export interface WholeMethod<Request, Response> {
  /** Returns undefined for what only the library's decoder can judge. */
  decode(message: Buffer): Request | undefined;
  /** Asked once for each response object: what answers often is the same object each time, and is not changed. */
  encode(response: Response): Buffer;
}

export interface WholeCalls {
  add<Request, Response>(
    path: string,
    method: WholeMethod<Request, Response>,
    handle: handleUnaryCall<Request, Response>,
  ): void;
  /** Call when the server listens. */
  watch(server: Server): void;
}

export interface WholeCallParts {
  readonly methods: Methods;
  readonly authorizeByHeader: AuthorizeByHeader;
  readonly connections: Pick<Connections, 'provedBy'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Served {
  readonly row: ReturnType<typeof rowOf>;
  readonly decode: WholeMethod<unknown, unknown>['decode'];
  /** The whole message of the answer. */
  readonly frame: (response: unknown) => Buffer;
  readonly handle: handleUnaryCall<unknown, unknown>;
}

type LibraryListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void;

export function createWholeCalls({
  methods,
  authorizeByHeader,
  connections,
  clock,
}: WholeCallParts): WholeCalls {
  const served = new Map<string, Served>();
  const soon = createSoon();

  /** The service and its usage, which has begun; undefined when the library shall judge. */
  const admit = ({ row }: Served, stream: ServerHttp2Stream, authorization: string | undefined) => {
    const { session } = stream;
    if (session === undefined || authorization === undefined) return undefined;
    try {
      const caller = authorizeByHeader(row, session, authorization);
      if (caller === undefined) return undefined;
      const usage = connections.provedBy(session as Parameters<Connections['provedBy']>[0], caller);
      usage.begin();
      return { caller, usage };
    } catch {
      // Whatever it is, the library's way ends in it, too, and reports it.
      return undefined;
    }
  };

  const serve = (
    server: Server,
    one: Served,
    stream: ServerHttp2Stream,
    authorization: string | undefined,
  ) => {
    const startedAt = clock.monotonic();
    // Reading nothing would end a stream before the library listens.
    if (stream.readableLength < headBytes) return false;
    const arrived = stream.read() as Buffer;
    const request = isWhole(arrived, stream) ? one.decode(arrived.subarray(headBytes)) : undefined;
    const admitted = request === undefined ? undefined : admit(one, stream, authorization);
    if (request === undefined || admitted === undefined) {
      stream.unshift(arrived);
      return false;
    }
    countForIdleness(server, stream);
    answer(one, new WholeCall(stream, request, { caller: admitted.caller, startedAt }), admitted.usage);
    return true;
  };

  return {
    add(path, method, handle) {
      const row = rowOf(methods, path.slice(path.lastIndexOf('/') + 1));
      const { decode, encode } = method as WholeMethod<unknown, object>;
      served.set(path, { row, decode, frame: framedOnce(encode), handle } as Served);
    },
    watch(server) {
      for (const listener of listenersOf(server)) {
        const library = onlyListener(listener);
        listener.removeListener('stream', library);
        const onStream: LibraryListener = (stream, headers, flags, rawHeaders) => {
          const one = served.get(headers[':path'] as string);
          if (one === undefined || !isPlain(headers, rawHeaders))
            return library(stream, headers, flags, rawHeaders);
          stream.on('error', ignore);
          soon(() => {
            if (stream.destroyed || serve(server, one, stream, headers.authorization)) return;
            library(stream, headers, flags, rawHeaders);
            // The end of a request without a message was told already.
            if (stream.readableEnded) stream.emit('end');
          });
        };
        listener.on('stream', onStream);
      }
    },
  };
}

const contentTypes = new Set<unknown>(['application/grpc', 'application/grpc+proto']);
/** The library refuses what is not of this shape, and a deadline of nothing has passed. */
const timeoutShape = /^0*[1-9]\d{0,7}[HMSm]$/;

function isPlain(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): boolean {
  if (headers[':method'] !== 'POST' || !contentTypes.has(headers['content-type'])) return false;
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return false;
  const timeout = headers['grpc-timeout'];
  if (timeout !== undefined && !timeoutShape.test(timeout as string)) return false;
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes <= grpcLimits.grpcMetadataBytes;
}

/** The whole request: one uncompressed message, after which the caller sends nothing. */
function isWhole(arrived: Buffer, stream: ServerHttp2Stream): boolean {
  if (arrived.length < headBytes || arrived[0] !== 0) return false;
  if (arrived.readUInt32BE(1) !== arrived.length - headBytes) return false;
  return (stream as unknown as Readable)._readableState.ended;
}

/** Node.js has no other way to tell that the end has arrived before it is read. */
interface Readable {
  readonly _readableState: { readonly ended: boolean };
}

/** A call as `rpc.ts` takes it. */
class WholeCall {
  readonly stream: ServerHttp2Stream;
  readonly request: unknown;
  readonly call: { readonly admitted: Admitted };

  constructor(stream: ServerHttp2Stream, request: unknown, admitted: Admitted) {
    this.stream = stream;
    this.request = request;
    this.call = { admitted };
  }

  get cancelled(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }
}

const answerHeaders = { ':status': 200, 'content-type': 'application/grpc+proto' };
const answered = { waitForTrailers: true };

function answer({ frame, handle }: Served, call: WholeCall, usage: Pick<Usage, 'end'>): void {
  const { stream } = call;
  handle(call as unknown as ServerUnaryCall<unknown, unknown>, (error, response) => {
    usage.end();
    if (call.cancelled) return;
    if (error) return refuse(stream, error as GrpcError);
    stream.respond(answerHeaders, answered);
    stream.on('wantTrailers', sendOk);
    stream.end(frame(response));
  });
}

function framedOnce(encode: (response: object) => Buffer) {
  const known = new WeakMap<object, Buffer>();
  return (response: object): Buffer => {
    const found = known.get(response);
    if (found !== undefined) return found;
    const message = encode(response);
    const framed = Buffer.alloc(headBytes + message.length);
    framed.writeUInt32BE(message.length, 1);
    message.copy(framed, headBytes);
    known.set(response, framed);
    return framed;
  };
}

const ok = { 'grpc-status': String(status.OK) };

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(ok);
}

/** Trailers only, as the library refuses. */
function refuse(stream: ServerHttp2Stream, { code, details, metadata }: GrpcError): void {
  const refusal = { 'grpc-status': String(code), 'grpc-message': encodeURI(details) };
  stream.respond({ ...answerHeaders, ...refusal, ...metadata.toHttp2Headers() }, { endStream: true });
}

function ignore(): void {}

/** Node.js tells of a stream before it reads the message behind its headers, mostly from the same packet. */
function createSoon(): (task: () => void) => void {
  let tasks: (() => void)[] = [];
  const runAll = () => {
    const due = tasks;
    tasks = [];
    for (const task of due) task();
  };
  return (task) => {
    if (tasks.length === 0) atEndOfTurn(runAll);
    tasks.push(task);
  };
}

/** The library closes connections without calls; it does not see these. */
function countForIdleness(server: Server, stream: ServerHttp2Stream): void {
  (server as unknown as { onStreamOpened(stream: ServerHttp2Stream): void }).onStreamOpened(stream);
}

function onlyListener(listener: NodeJS.EventEmitter): LibraryListener {
  const [library, ...others] = listener.listeners('stream') as LibraryListener[];
  if (library === undefined || others.length > 0)
    throw new Error('grpc-js listens to streams in another way');
  return library;
}
