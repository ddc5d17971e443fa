/** Mail by SMTP. TLS is required, unless the server is on this machine or ALLOW_PLAINTEXT names mail. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Clock } from '@countersign/verifier/clock';
import { isLoopback } from '../platform/config/issuer.ts';
import type { MailSender, MailServer } from '../platform/config/mailUrl.ts';
import { type Channel, SendFault } from './channel.ts';
import { notificationLimits } from './limits.ts';
import { mailMessage } from './mailMessage.ts';

export interface MailParts {
  readonly server: MailServer;
  readonly from: MailSender;
  readonly allowPlaintext: boolean;
  readonly clock: Pick<Clock, 'after'>;
}

export function createMailChannel(parts: MailParts): Channel {
  const { from } = parts;
  let transport: ReturnType<typeof openTransport> | undefined;
  return {
    async send(id, message) {
      transport ??= openTransport(parts);
      const sent = (await transport).sendMail(mailMessage(id, message, from));
      await sent.catch((error) => {
        throw faultOf(error as SmtpError);
      });
    },
  };
}

async function openTransport({ server, allowPlaintext, clock }: MailParts) {
  // Not at the start: it is large, and many authorities send their first mail later.
  const { createTransport } = await import('nodemailer');
  const { host, port, tls, username, password } = server;
  const isPlaintextAllowed = !tls && (allowPlaintext || isLoopback(host));
  return createTransport({
    ...{ host, port, secure: tls },
    requireTLS: !tls && !isPlaintextAllowed,
    // Where plaintext is allowed, an unverified certificate is no less safe.
    tls: { rejectUnauthorized: !isPlaintextAllowed, minVersion: 'TLSv1.2' },
    ...(password === undefined ? {} : { auth: { user: username ?? '', pass: password } }),
    greetingTimeout: notificationLimits.smtpConnectMilliseconds,
    socketTimeout: notificationLimits.smtpSilenceMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket(_options, done) {
      openConnection(clock, server).then(
        (connection) => done(null, { connection }),
        (error) => done(error, false),
      );
    },
  });
}

/**
 * A connection that ends by itself. The library limits silence only: a server that sends a byte now and then would hold it for ever.
 */
async function openConnection(clock: Pick<Clock, 'after'>, { host, port }: MailServer): Promise<Socket> {
  const { smtpConnectMilliseconds, sendMilliseconds } = notificationLimits;
  const socket = connect({ host, port });
  // The library stops listening before the server has closed its side.
  socket.on('error', () => {});
  const endAfter = (milliseconds: number) =>
    clock.after(milliseconds, () => socket.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
  socket.once('close', endAfter(sendMilliseconds));
  const connected = endAfter(smtpConnectMilliseconds);
  await once(socket, 'connect').finally(connected);
  return socket;
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/** There is no such mailbox or host (RFC 3463 §3.2). Other refusals may be about us, and repaired. */
const noSuchMailbox = /^5\d\d[ -]5\.1\.[1236]\b/;

/** The server's own words may hold the recipient. */
function faultOf({ code = 'unknown', command, response = '', responseCode }: SmtpError): SendFault {
  const isFinal = command === 'RCPT TO' && noSuchMailbox.test(response);
  return new SendFault(`smtp ${code} ${responseCode ?? ''}`.trim(), { isFinal });
}
