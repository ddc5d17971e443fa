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
import { createMakeLink } from './links.ts';
import { createMailChannel } from './mail.ts';
import { createMailFolder } from './mailFolder.ts';
import { createNotices } from './notices.ts';
import { createNotify, createResealMessage } from './outbox.ts';
import { createSending, type SendParts } from './send.ts';
import { wakingAfterCommit } from './wakingAfterCommit.ts';
import { createWebhookChannel } from './webhook.ts';

export interface NotificationParts {
  readonly config: Pick<Config, 'messages' | 'allowPlaintext' | 'tokens' | 'storage'>;
  readonly secrets: Pick<Secrets, 'mailServer' | 'smsWebhookSecret'>;
  /** Absolute. */
  readonly dataDir: string;
  readonly database: Database;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
}

export function openNotifications(parts: NotificationParts) {
  const { config, sealing, clock, log, metrics, onFault } = parts;
  const channels = channelsOf(parts);
  const mail = channels.mail !== undefined;
  const sms = channels.sms !== undefined;
  const { outbox } = parts.database;
  const sending = createSending({ outbox, channels, sealing, clock, log, metrics, onFault });
  const notify = createNotify({ sealing, channels: { mail, sms } });
  const makeLink = createMakeLink(config.tokens.issuer);
  return {
    /** Wakes the sending job after the commit of a message. */
    database: wakingAfterCommit(parts.database, sending.wake),
    notify,
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
  const { mail, mailFrom: from, smsWebhookUrl: url, smsCountries } = config.messages;
  const { mailServer: server, smsWebhookSecret: secret } = secrets;
  const allowPlaintext = config.allowPlaintext.includes('mail');
  return {
    ...(server === undefined ? {} : { mail: createMailChannel({ server, from, allowPlaintext }) }),
    ...(mail === 'folder' ? { mail: createMailFolder({ dataDir, from, log }) } : {}),
    ...(url === undefined || secret === undefined || smsCountries.length === 0
      ? {}
      : { sms: createWebhookChannel({ url, secret, clock }) }),
  };
}
