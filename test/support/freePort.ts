import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that systems give to outgoing connections: one of those could take the port before it is used.
const [first, last] = [20_000, 32_000];

const given = new Set<number>();

/** A port on 127.0.0.1 that nothing listens on; each time another one. */
export async function freePort(): Promise<number> {
  const port = randomInt(first, last);
  if (given.has(port)) return freePort();
  given.add(port);
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  server.close();
  await once(server, 'close');
  return port;
}
