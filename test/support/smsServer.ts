/** A real webhook for messages to phones: takes only what is signed, and once for each idempotency key. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.ts';

export interface ReceivedSms {
  readonly to: string;
  readonly text: string;
  readonly template: string;
  /** The six digits. */
  readonly code: string;
}

export interface SmsServer {
  readonly url: string;
  /** In the order of arrival. */
  readonly messages: readonly ReceivedSms[];
  /** How many came without a right signature. */
  readonly forged: number;
  /** Resolves with the next message to this number that was not asked for before. */
  smsTo(number: string): Promise<ReceivedSms>;
  stop(): Promise<void>;
}

const secret = 'the receiver knows it';

/** The environment of an authority that posts to it. */
export function smsSettings({ url }: Pick<SmsServer, 'url'>, countries = 'DE,AT') {
  return { SMS_WEBHOOK_URL: url, SMS_WEBHOOK_SECRET: secret, SMS_COUNTRIES: countries };
}

export async function startSmsServer(): Promise<SmsServer> {
  const messages: ReceivedSms[] = [];
  const seen = new Set<ReceivedSms>();
  const keys = new Set<unknown>();
  let forged = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const given = String(request.headers['countersign-signature']);
    const signed = `${request.headers['countersign-timestamp']}.${body}`;
    const right = `v1=${createHmac('sha256', secret).update(signed).digest('hex')}`;
    if (given.length !== right.length || !timingSafeEqual(Buffer.from(given), Buffer.from(right))) {
      forged += 1;
      response.writeHead(401).end();
      return;
    }
    const { to, text, template } = JSON.parse(body);
    const key = request.headers['idempotency-key'];
    if (!keys.has(key)) messages.push({ to, text, template, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' });
    keys.add(key);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/sms`,
    messages,
    get forged() {
      return forged;
    },
    smsTo: (number) =>
      eventually(`a message to ${number}`, () => {
        const message = messages.find((each) => each.to === number && !seen.has(each));
        if (message !== undefined) seen.add(message);
        return message;
      }),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
