/** A line between a client and a server that a test can cut, so that one process is cut off and the others are not. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `silent`: nothing passes and nothing ends, as when packets are dropped; who connects waits as well. What was under
 * way goes on after `heal`. `broken`: connections end, and so do new ones at once.
 */
export type Cut = 'silent' | 'broken';

export interface TcpProxy {
  readonly port: number;
  cut(how: Cut): void;
  heal(): void;
  /** From now on it leads there; connections to the old place end. */
  retarget(port: number): void;
  close(): Promise<void>;
}

interface Line {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const lines = new Set<Line>();
  let cut: Cut | undefined;
  let port = target;

  const end = (line: Line) => {
    lines.delete(line);
    // Not `resetAndDestroy`: on a socket that is half closed it fails and leaves the handle open, and Node 20 then never
    // ends the process.
    line.client.destroy();
    line.server.destroy();
  };
  const endAll = () => {
    for (const line of lines) end(line);
  };
  const flow = (line: Line) => {
    line.client.pipe(line.server);
    line.server.pipe(line.client);
  };
  const hold = ({ client, server }: Line) => {
    client.unpipe(server).pause();
    server.unpipe(client).pause();
  };
  // While it is cut silently neither side may notice that the other one has gone.
  const onClose = (line: Line) => {
    if (cut !== 'silent') end(line);
  };

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const line: Line = { client, server: connect({ port, host: '127.0.0.1', allowHalfOpen: true }) };
    lines.add(line);
    for (const socket of [line.client, line.server]) {
      // An error is followed by `close`, where it is dealt with.
      socket.on('error', () => {}).on('close', () => onClose(line));
    }
    if (cut === 'broken') end(line);
    else if (cut === 'silent') hold(line);
    else flow(line);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    cut(how) {
      cut = how;
      if (how === 'broken') endAll();
      else for (const line of lines) hold(line);
    },
    heal() {
      cut = undefined;
      for (const line of lines) {
        if (line.client.destroyed || line.server.destroyed) end(line);
        else flow(line);
      }
    },
    retarget(to) {
      port = to;
      endAll();
    },
    async close() {
      listener.close();
      endAll();
      await once(listener, 'close');
    },
  };
}
