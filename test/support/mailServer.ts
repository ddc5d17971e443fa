/** A real SMTP server of a test's own, and the mails it has taken. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { eventually } from './eventually.ts';

export interface ReceivedMail {
  readonly from: string;
  /** The envelope's recipients. */
  readonly to: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly subject: string;
  /** The text part. */
  readonly text: string;
  readonly html: string;
  /** The token of the only link. */
  readonly token: string;
  /** The only six digits that stand alone. */
  readonly code: string;
}

export interface MailServer {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival. */
  readonly mails: readonly ReceivedMail[];
  /** Resolves with the next mail to this address that was not asked for before. */
  mailTo(address: string): Promise<ReceivedMail>;
  /** From now on: undefined takes mails, a number refuses with it (`of` this address only), `silent` never answers. */
  behave(how: Behaviour): void;
  /** How many mails came in, refused ones included. */
  readonly tries: number;
  /** Connections at once. */
  readonly mostOpen: number;
  stop(): Promise<void>;
}

type Behaviour =
  | undefined
  | { readonly rcpt: number; readonly of?: string }
  | { readonly data: number }
  | 'silent';

/** The environment of an authority that sends to it. */
export function mailSettings({ url }: Pick<MailServer, 'url'>) {
  return { MAIL_URL: url, MAIL_FROM: 'Example <no-reply@example.com>' };
}

export async function startMailServer(port = 0): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const seen = new Set<ReceivedMail>();
  let how: Behaviour;
  let tries = 0;
  let open = 0;
  let mostOpen = 0;
  const refusal = (responseCode: number) =>
    Object.assign(new Error(responseCode === 550 ? '5.1.1 no such user' : 'refused here'), { responseCode });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect(_session, done) {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      done();
    },
    onClose() {
      open -= 1;
    },
    onRcptTo({ address }, _session, done) {
      tries += 1;
      if (how === 'silent') return;
      const given = typeof how === 'object' && 'rcpt' in how ? how : undefined;
      done(given !== undefined && (given.of ?? address) === address ? refusal(given.rcpt) : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        if (typeof how === 'object' && 'data' in how) return done(refusal(how.data));
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push(
          parse(
            Buffer.concat(chunks).toString('latin1'),
            from,
            rcptTo.map(({ address }) => address),
          ),
        );
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const at = (server.server.address() as AddressInfo).port;
  return {
    url: `smtp://127.0.0.1:${at}`,
    port: at,
    mails,
    mailTo: (address) =>
      eventually(`a mail to ${address}`, () => {
        const mail = mails.find((each) => each.to.includes(address) && !seen.has(each));
        if (mail !== undefined) seen.add(mail);
        return mail;
      }),
    behave(next) {
      how = next;
    },
    get tries() {
      return tries;
    },
    get mostOpen() {
      return mostOpen;
    },
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** A port where nobody listens now. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Enough of RFC 5322 and 2045 for mails of nodemailer. */
export function parse(raw: string, from = '', to: readonly string[] = []): ReceivedMail {
  const headers = headersOf(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const parts = raw.split(`--${boundary}`).slice(1, -1);
  const part = (type: string) => {
    const found = parts.find((each) => (headersOf(each.trimStart())['content-type'] ?? '').startsWith(type));
    return found === undefined ? '' : decoded(found.trimStart());
  };
  const text = part('text/plain');
  return {
    ...{ from, to, headers, text, html: part('text/html'), subject: wordsOf(headers['subject'] ?? '') },
    token: /\?token=(ot_[\w-]+)/.exec(text)?.[1] ?? '',
    code: /^ {4}(\d{6})$/m.exec(text)?.[1] ?? '',
  };
}

function headersOf(raw: string): Record<string, string> {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return Object.fromEntries(
    lines.map((line) => [
      line.split(':', 1)[0]?.toLowerCase() ?? '',
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
}

function decoded(part: string): string {
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  const encoding = headersOf(part)['content-transfer-encoding'] ?? '7bit';
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding === 'quoted-printable') return quoted(body.replace(/=\r\n/g, '')).replaceAll('\r\n', '\n');
  return Buffer.from(body, 'latin1').toString('utf8').replaceAll('\r\n', '\n');
}

function quoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Encoded words (RFC 2047). */
function wordsOf(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?(q|b)\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString() : quoted(word.replaceAll('_', ' ')),
    );
}
