/** A load of HTTP/1.1 requests on kept connections. It reads no more of an answer than its status and its length. */
import { connect, type Socket } from 'node:net';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpLoad {
  /** `connections` requests at once until `milliseconds` have passed; resolves with the number that were answered. */
  run(milliseconds: number): Promise<number>;
  close(): void;
}

export interface HttpLoadParts {
  readonly port: number;
  readonly connections: number;
  /** The next request, perhaps later; undefined when there are no more. */
  readonly next: () => HttpRequest | undefined | Promise<HttpRequest | undefined>;
  /** Throws for an answer that does not count. */
  readonly onAnswer: (answer: HttpAnswer, request: HttpRequest) => void;
}

export function openHttpLoad(parts: HttpLoadParts): HttpLoad {
  const lines = Array.from({ length: parts.connections }, () => openLine(parts.port));
  return {
    async run(milliseconds) {
      const until = performance.now() + milliseconds;
      let answered = 0;
      const work = async (line: Line) => {
        while (performance.now() < until) {
          const request = await parts.next();
          if (request === undefined) return;
          parts.onAnswer(await line.ask(request), request);
          answered += 1;
        }
      };
      await Promise.all(lines.map(work));
      return answered;
    },
    close() {
      for (const line of lines) line.close();
    },
  };
}

interface Line {
  ask(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

function openLine(port: number): Line {
  let socket: Socket | undefined;
  let answered = (_answer: HttpAnswer) => {};
  let failed = (_error: Error) => {};
  let received = '';
  const open = () => {
    const opened = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    opened.on('data', (chunk: string) => {
      received += chunk;
      const answer = readAnswer(received);
      if (answer === undefined) return;
      received = '';
      answered(answer);
    });
    opened.on('error', (error) => failed(error));
    opened.on('close', () => failed(new Error(`port ${port} closed the connection`)));
    return opened;
  };
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        answered = resolve;
        failed = (error) => {
          socket = undefined;
          reject(error);
        };
        socket ??= open();
        socket.write(textOf(request, port));
      }),
    close: () => socket?.destroy(),
  };
}

function textOf({ method, path, headers = {}, body }: HttpRequest, port: number): string {
  const all = {
    host: `127.0.0.1:${port}`,
    ...headers,
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** Undefined until it is complete. */
function readAnswer(text: string): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(head);
  if (length !== undefined && body.length < Number(length)) return undefined;
  if (isChunked && !body.endsWith('0\r\n\r\n')) return undefined;
  return { status: Number(head.slice(9, 12)), body };
}
