/**
 * A load of unary gRPC calls, each with another message. h2load sends the same message with every call, and the clients of
 * node:http2 and grpc-js need more CPU for a call than the server; this one writes prepared frames (RFC 9113) and reads no more
 * of an answer than whether it is one.
 */
import { connect, type Socket } from 'node:net';
import { type Http2Call, requestHeaders } from './hpack.ts';

const [data, headers, reset, settings, ping, goaway, windowUpdate] = [0, 1, 3, 4, 6, 7, 8] as const;
const [ack, endStream, endHeaders] = [1, 1, 4] as const;
const headBytes = 9;
const streamIdAt = 5;
/** RFC 9113 §4.2. */
const largestFrame = 16_384;
/** RFC 9113 §6.9.2. */
const firstWindow = 65_535;
const largestWindow = 2 ** 31 - 1;

const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(settings, 0, 0, Buffer.alloc(0)),
]);

export interface Http2Load {
  /** Calls without end until `milliseconds` have passed; resolves with the number that were answered. */
  run(milliseconds: number): Promise<number>;
  /** The port of each connection, and what it was answered in the last run. */
  answered(): readonly { readonly port: number; readonly calls: number }[];
  close(): void;
}

export interface LoadShape {
  readonly connections: number;
  /** Calls under way on each. */
  readonly streams: number;
}

export const usualShape: LoadShape = { connections: 4, streams: 16 };

/** The messages are sent in turn. Throws when a call is refused, or answered with less than `leastBytes`. */
export async function openHttp2Load(
  call: Http2Call & { readonly messages: readonly Buffer[]; readonly leastBytes: number },
  shape = usualShape,
): Promise<Http2Load> {
  const bodies = call.messages.map((message) => dataFrames(lengthPrefixed(message)));
  let next = Math.floor(Math.random() * bodies.length);
  const nextBody = () => {
    next = (next + 1) % bodies.length;
    return bodies[next] as Buffer;
  };
  const connections = await Promise.all(
    Array.from({ length: shape.connections }, () => openConnection(call, nextBody)),
  );
  return {
    async run(milliseconds) {
      const until = performance.now() + milliseconds;
      const counts = await Promise.all(connections.map((each) => each.run(shape.streams, until)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    answered: () => connections.map((each) => each.answered()),
    close() {
      for (const each of connections) each.close();
    },
  };
}

type Call = Http2Call & { readonly leastBytes: number };

async function openConnection(call: Call, nextBody: () => Buffer): Promise<Connection> {
  const connection = new Connection(call, nextBody);
  // A stranger has few streams (docs/threats.md): the first call alone.
  await connection.run(1, 0);
  return connection;
}

class Connection {
  readonly #call: Call;
  readonly #nextBody: () => Buffer;
  readonly #headers: { first: Buffer; later: Buffer };
  readonly #socket: Socket;
  /** Bytes that the server takes now, and calls that wait for it to take more. */
  #window = firstWindow;
  #owed = 0;
  #streamId = 1;
  /** Calls under way: stream → bytes of its answer. */
  readonly #answers = new Map<number, number>();
  #answered = 0;
  #until = 0;
  #ended = (_error?: Error) => {};
  #failed: Error | undefined;
  #out: Buffer[] = [];

  constructor(call: Call, nextBody: () => Buffer) {
    this.#call = call;
    this.#nextBody = nextBody;
    this.#headers = requestHeaders(call);
    this.#socket = connect(call.port, '127.0.0.1').setNoDelay(true);
    const [onFrame, onAll] = [this.#onFrame.bind(this), () => this.#flush()];
    readFrames(this.#socket, onFrame, onAll, (error) => {
      this.#failed = error;
      this.#ended(error);
    });
    const more = Buffer.alloc(4);
    more.writeUInt32BE(largestWindow - firstWindow);
    this.#socket.write(Buffer.concat([preface, frame(windowUpdate, 0, 0, more)]));
  }

  run(streams: number, until: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = 0;
      this.#until = until;
      this.#ended = (error) => (error === undefined ? resolve(this.#answered) : reject(error));
      if (this.#failed !== undefined) reject(this.#failed);
      for (let count = 0; count < streams; count += 1) this.#send();
      this.#flush();
    });
  }

  answered() {
    return { port: this.#socket.localPort ?? 0, calls: this.#answered };
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(): void {
    const body = this.#nextBody();
    if (this.#window < body.length) {
      this.#owed += 1;
      return;
    }
    const { first, later } = this.#headers;
    const id = this.#streamId;
    this.#out.push(frame(headers, endHeaders, id, id === 1 ? first : later), ofStream(body, id));
    // Only what is in the frames counts (RFC 9113 §6.9.1).
    this.#window -= body.length - headBytes * Math.ceil(body.length / (headBytes + largestFrame));
    this.#answers.set(id, 0);
    this.#streamId += 2;
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    this.#socket.write(Buffer.concat(this.#out));
    this.#out = [];
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case data:
        this.#answers.set(id, (this.#answers.get(id) ?? 0) + payload.length);
        return;
      case headers:
        if ((flags & endStream) !== 0) this.#onAnswer(id);
        return;
      case settings:
        if ((flags & ack) === 0) this.#out.push(frame(settings, ack, 0, Buffer.alloc(0)));
        return;
      case ping:
        if ((flags & ack) === 0) this.#out.push(frame(ping, ack, 0, payload));
        return;
      case windowUpdate:
        if (id === 0) this.#onWindow(payload.readUInt32BE(0));
        return;
      case reset:
      case goaway:
        throw new Error(`${this.#call.path}: the server ended it`);
    }
  }

  #onAnswer(id: number): void {
    const bytes = this.#answers.get(id) ?? 0;
    this.#answers.delete(id);
    if (bytes < this.#call.leastBytes) throw new Error(`${this.#call.path}: a call was refused`);
    this.#answered += 1;
    if (performance.now() < this.#until) this.#send();
    else if (this.#answers.size === 0) this.#ended();
  }

  #onWindow(more: number): void {
    this.#window += more;
    for (let owed = this.#owed; owed > 0; owed -= 1) {
      this.#owed -= 1;
      this.#send();
    }
  }
}

function readFrames(
  socket: Socket,
  onFrame: (type: number, flags: number, id: number, payload: Buffer) => void,
  onAll: () => void,
  onError: (error: Error) => void,
): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', onError);
  socket.on('close', () => onError(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    try {
      while (bytes.length - at >= headBytes) {
        const end = at + headBytes + bytes.readUIntBE(at, 3);
        if (end > bytes.length) break;
        const id = bytes.readUInt32BE(at + 5);
        onFrame(bytes[at + 3] as number, bytes[at + 4] as number, id, bytes.subarray(at + headBytes, end));
        at = end;
      }
    } catch (error) {
      onError(error as Error);
      socket.destroy();
    }
    rest = bytes.subarray(at);
    onAll();
  });
}

function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(headBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(id, 5);
  payload.copy(bytes, headBytes);
  return bytes;
}

/** A whole message, of no stream yet. */
function dataFrames(message: Buffer): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += largestFrame) {
    const isLast = at + largestFrame >= message.length;
    frames.push(frame(data, isLast ? endStream : 0, 0, message.subarray(at, at + largestFrame)));
  }
  return Buffer.concat(frames);
}

function ofStream(frames: Buffer, id: number): Buffer {
  const named = Buffer.from(frames);
  for (let at = 0; at < named.length; at += headBytes + largestFrame)
    named.writeUInt32BE(id, at + streamIdAt);
  return named;
}

function lengthPrefixed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
