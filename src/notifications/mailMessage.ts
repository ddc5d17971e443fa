import type { MessageId } from '@countersign/verifier/ids';
import type { MailSender } from '../platform/config/mailUrl.ts';
import type { Message } from './message.ts';
import { renderMail } from './render.ts';

/**
 * A mail as nodemailer takes it. Addresses are objects, and the envelope is given: as text, `ada@example.com\r\nBcc: …` would go
 * to somebody else.
 */
export function mailMessage(id: MessageId, message: Message, from: MailSender) {
  const { subject, text, html, language } = renderMail(message);
  const [, domain = 'localhost'] = from.address.split('@');
  return {
    // A copy: nodemailer writes to it.
    from: { ...from },
    to: { name: '', address: message.to },
    envelope: { from: from.address, to: [message.to] },
    // The same for each try: mail programs show one.
    messageId: `<${id}@${domain}>`,
    // RFC 3834: no out-of-office replies.
    headers: { 'auto-submitted': 'auto-generated', 'content-language': language },
    ...{ subject, text, html },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
