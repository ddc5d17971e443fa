/** A real webhook: takes only what is signed, and once for each idempotency key. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SignedWebhook<T> {
  readonly port: number;
  /** In the order of arrival. */
  readonly taken: readonly T[];
  /** How many came without a right signature. */
  readonly forged: number;
  /** From now on it answers so to what is signed; 204 takes it, `silent` never answers. */
  answer(status: number | 'silent'): void;
  /** How many wait for an answer that does not come. */
  readonly waiting: number;
  stop(): Promise<void>;
}

export const webhookSecret = 'the receiver knows it';

export async function startSignedWebhook<T>(read: (body: string) => T): Promise<SignedWebhook<T>> {
  const taken: T[] = [];
  const keys = new Set<unknown>();
  let forged = 0;
  let status: number | 'silent' = 204;
  let waiting = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const given = String(request.headers['countersign-signature']);
    const signed = `${request.headers['countersign-timestamp']}.${body}`;
    const right = `v1=${createHmac('sha256', webhookSecret).update(signed).digest('hex')}`;
    if (given.length !== right.length || !timingSafeEqual(Buffer.from(given), Buffer.from(right))) {
      forged += 1;
      response.writeHead(401).end();
      return;
    }
    if (status === 'silent') {
      waiting += 1;
      response.on('close', () => {
        waiting -= 1;
      });
      return;
    }
    const key = request.headers['idempotency-key'];
    if (status === 204 && !keys.has(key)) taken.push(read(body));
    if (status === 204) keys.add(key);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    get forged() {
      return forged;
    },
    get waiting() {
      return waiting;
    },
    answer(next) {
      status = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
