/** A line that stops at a chosen moment of a conversation: before its n-th piece of bytes passes, whichever side sends it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ChunkLine {
  readonly port: number;
  /**
   * From now on pieces are counted on each connection from the first one on that `isOurs` knows; the one with this number does
   * not pass, nor does anything after it, and `onReached` is told.
   */
  arm(number: number, onReached: () => void): void;
  /** Everything passes again. */
  disarm(): void;
  close(): Promise<void>;
}

export async function startChunkLine(target: number, isOurs: (bytes: Buffer) => boolean): Promise<ChunkLine> {
  const sockets = new Set<Socket>();
  const ours = new Set<Socket>();
  let remaining = Number.POSITIVE_INFINITY;
  let reached = () => {};

  const passes = (client: Socket, bytes: Buffer): boolean => {
    if (isOurs(bytes)) ours.add(client);
    if (!ours.has(client)) return remaining > 0;
    remaining -= 1;
    if (remaining === 0) reached();
    return remaining > 0;
  };
  const listener = createServer((client) => {
    const server = connect({ port: target, host: '127.0.0.1' });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => void (passes(client, bytes) && to.write(bytes)));
      from
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    arm(number, onReached) {
      ours.clear();
      remaining = number;
      reached = onReached;
    },
    disarm() {
      remaining = Number.POSITIVE_INFINITY;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
