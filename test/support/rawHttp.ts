/** HTTP as bytes, for what no HTTP client sends. */
import { connect } from 'node:net';

export interface RawAnswer {
  /** Of each answer on the connection, in order. */
  readonly statuses: readonly number[];
  /** Everything that came back, as bytes that are characters. */
  readonly text: string;
}

/**
 * Sends these bytes on a connection of their own and resolves when the server has closed it. With `half`, our side says that
 * nothing more will come, so that a server that waits for more closes too.
 */
export function sendRaw(port: number, bytes: string, { half = false } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const done = () => {
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      resolve({ statuses, text });
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    // A server that hangs up while we still send resets the connection: what it said before counts.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? done() : reject(error),
    );
    socket.on('end', done);
    if (half) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
}

/** A request whose header lines are these, as they are; the connection ends with its answer. */
export function rawRequest(line: string, fields: readonly string[], body = ''): string {
  return `${[`${line} HTTP/1.1`, 'host: x', ...fields, 'connection: close'].join('\r\n')}\r\n\r\n${body}`;
}
