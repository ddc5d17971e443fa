/**
 * Webhooks of the operator: one for messages to phones, which knows a provider, and one for events. Each message is one POST. The
 * receiver checks the signature, and drops a repetition by its idempotency key.
 */
import { createHmac } from 'node:crypto';
import { type Clock, numericDate } from '@countersign/verifier/clock';
import { type Channel, SendFault } from './channel.ts';
import type { Message } from './message.ts';
import { post } from './post.ts';
import { renderSms } from './render.ts';

/** Seconds since the Unix epoch, when it was sent. */
export const timestampHeader = 'countersign-timestamp';
/** `v1=` and the HMAC-SHA-256 of `timestamp.body` in hex. */
export const signatureHeader = 'countersign-signature';

interface Webhook {
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
}

export function createSmsWebhook(webhook: Webhook): Channel {
  return createWebhook(webhook, (message) => {
    const { to, template, locale } = message;
    return { channel: 'sms', to, template, locale, text: renderSms(message) };
  });
}

export function createOperatorWebhook(webhook: Webhook): Channel {
  return createWebhook(webhook, ({ data }) => ('event' in data ? { ...data.event } : {}));
}

function createWebhook({ url, secret, clock }: Webhook, bodyOf: (message: Message) => object): Channel {
  return {
    async send(id, message) {
      const body = JSON.stringify({ id, ...bodyOf(message) });
      const timestamp = String(numericDate(clock.now()));
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      const headers = {
        'content-type': 'application/json',
        'idempotency-key': id,
        [timestampHeader]: timestamp,
        [signatureHeader]: `v1=${signature}`,
      };
      const status = await post(clock, url, { headers, body });
      if (status < 200 || status > 299) throw new SendFault(`webhook ${status}`);
    },
  };
}
