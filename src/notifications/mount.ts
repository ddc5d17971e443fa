/**
 * Notifications: mails and messages for phones. Owns the outbox, its texts, the channels, the links in mails and the job that
 * sends. Does not own why somebody is told something: an operation of another slice writes the message in its transaction. Does
 * not own what a link does either.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Database } from '../database.ts';
import type { Config } from '../platform/config/config.ts';
import type { Secrets } from '../platform/config/secrets.ts';
import type { FaultLog } from '../platform/observability/faultLog.ts';
import type { Log } from '../platform/observability/log.ts';
import type { Metrics } from '../platform/observability/metrics.ts';
import type { Sealing } from '../platform/sealing.ts';
import { outboxService } from './grpc.ts';
import { createMakeLink } from './links.ts';
import { createMailChannel } from './mail.ts';
import { createMailFolder } from './mailFolder.ts';
import { createNotices } from './notices.ts';
import { createTellOperator, tellingOperator } from './operatorEvents.ts';
import { createNotify, createResealMessage } from './outbox.ts';
import { createLookAfterOutbox } from './retryMessage.ts';
import { createSending, type SendParts } from './send.ts';
import { wakingAfterCommit } from './wakingAfterCommit.ts';
import { createOperatorWebhook, createSmsWebhook } from './webhook.ts';

export interface NotificationParts {
  readonly config: Pick<Config, 'messages' | 'allowPlaintext' | 'tokens' | 'storage'>;
  readonly secrets: Pick<Secrets, 'mailServer' | 'smsWebhookSecret' | 'operatorWebhookSecret'>;
  /** Absolute. */
  readonly dataDir: string;
  readonly database: Database;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  readonly onUndelivered: SendParts['onUndelivered'];
}

export function openNotifications(parts: NotificationParts) {
  const { config, sealing, clock, log, metrics, onFault, onUndelivered } = parts;
  const channels = channelsOf(parts);
  const mail = channels.mail !== undefined;
  const sms = channels.sms !== undefined;
  const { outbox } = parts.database;
  const operator = channels.operator !== undefined;
  const notify = createNotify({ sealing, channels: { mail, sms, operator } });
  const tellOperator = operator ? createTellOperator({ notify, clock, metrics }) : undefined;
  const sending = createSending({
    ...{ outbox, channels, sealing, clock, log, metrics, onFault, onUndelivered },
    onGivenUp: async (given) => tellOperator?.({ outbox }, given, clock.now()),
  });
  const waking = wakingAfterCommit(parts.database, sending.wakeSoon);
  const makeLink = createMakeLink(config.tokens.issuer);
  return {
    /** Tells the operator of some events, and wakes the sending job after the commit of a message. */
    database: tellOperator === undefined ? waking : tellingOperator(waking, tellOperator),
    notify,
    service: outboxService(createLookAfterOutbox({ database: waking, clock })),
    makeLink,
    resealMessage: createResealMessage(sealing),
    notices: createNotices({ notify, makeLink, mail }),
    /** Throws `mail_not_configured`. */
    requireMail(): void {
      if (!mail) throw new AuthorityError('mail_not_configured');
    },
    /** Throws `sms_not_configured`. */
    requireSms(): void {
      if (!sms) throw new AuthorityError('sms_not_configured');
    },
    /** Only a process that serves sends: a command must not take messages that it cannot finish. */
    start: sending.start,
    stop: sending.stop,
  };
}

function channelsOf({ config, secrets, dataDir, clock, log }: NotificationParts): SendParts['channels'] {
  const { mail, mailFrom: from, smsWebhookUrl: url, smsCountries, operatorWebhookUrl } = config.messages;
  const { mailServer: server, smsWebhookSecret: secret, operatorWebhookSecret } = secrets;
  const allowPlaintext = config.allowPlaintext.includes('mail');
  return {
    ...(server === undefined ? {} : { mail: createMailChannel({ server, from, allowPlaintext, clock }) }),
    ...(mail === 'folder' ? { mail: createMailFolder({ dataDir, from, log }) } : {}),
    ...(url === undefined || secret === undefined || smsCountries.length === 0
      ? {}
      : { sms: createSmsWebhook({ url, secret, clock }) }),
    ...(operatorWebhookUrl === undefined || operatorWebhookSecret === undefined
      ? {}
      : {
          operator: createOperatorWebhook({ url: operatorWebhookUrl, secret: operatorWebhookSecret, clock }),
        }),
  };
}
