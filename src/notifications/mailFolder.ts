/** Mails as files in DATA_DIR/mail, for trials without a mail server. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MailSender } from '../platform/config/mailUrl.ts';
import type { Log } from '../platform/observability/log.ts';
import { type Channel, SendFault } from './channel.ts';
import { notificationLimits } from './limits.ts';
import { mailMessage } from './mailMessage.ts';

export function createMailFolder(parts: {
  readonly dataDir: string;
  readonly from: MailSender;
  readonly log: Log;
}): Channel {
  const folder = join(parts.dataDir, 'mail');
  return {
    async send(id, message) {
      const path = join(folder, `${id}.eml`);
      try {
        const { createTransport } = await import('nodemailer');
        const writer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
        const { message: content } = await writer.sendMail(mailMessage(id, message, parts.from));
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // Renamed, so that a reader finds whole files only.
        await writeFile(`${path}.new`, content as Buffer, { mode: 0o600 });
        await rename(`${path}.new`, path);
        await removeOldest(folder);
      } catch (error) {
        throw new SendFault(`mail folder ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`);
      }
      parts.log.info({ path, template: message.template }, 'a mail was written to a file');
    },
  };
}

/** Names begin with the time. */
async function removeOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
  const old = files.slice(0, Math.max(0, files.length - notificationLimits.mailFiles));
  await Promise.all(old.map((name) => rm(join(folder, name), { force: true })));
}
