/** A real webhook for messages to phones: takes only what is signed, and once for each idempotency key. */
import { eventually } from './eventually.ts';
import { startSignedWebhook, webhookSecret } from './signedWebhook.ts';

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

/** The environment of an authority that posts to it. */
export function smsSettings({ url }: Pick<SmsServer, 'url'>, countries = 'DE,AT') {
  return { SMS_WEBHOOK_URL: url, SMS_WEBHOOK_SECRET: webhookSecret, SMS_COUNTRIES: countries };
}

export async function startSmsServer(): Promise<SmsServer> {
  const seen = new Set<ReceivedSms>();
  const webhook = await startSignedWebhook((body): ReceivedSms => {
    const { to, text, template } = JSON.parse(body);
    return { to, text, template, code: /\b\d{6}\b/.exec(text)?.[0] ?? '' };
  });
  const messages = webhook.taken;
  return {
    url: `http://127.0.0.1:${webhook.port}/sms`,
    messages,
    get forged() {
      return webhook.forged;
    },
    smsTo: (number) =>
      eventually(`a message to ${number}`, () => {
        const message = messages.find((each) => each.to === number && !seen.has(each));
        if (message !== undefined) seen.add(message);
        return message;
      }),
    stop: webhook.stop,
  };
}
