/** `MAIL_URL` and `MAIL_FROM`: the mail server, and who our mails come from. */
import { type Endpoint, parseEndpoint, parseUserInfo, type UrlLogin } from './endpoint.ts';
import type { Kind } from './kinds.ts';

/** Contains a password: kept in `Secrets`, never in a message. */
export interface MailServer extends Endpoint, UrlLogin {
  /** TLS from the first byte (smtps). Without it, STARTTLS. */
  readonly tls: boolean;
}

export const mailUrl: Kind<MailServer> = {
  form: 'smtp://[user:password@]host[:port] (STARTTLS, port 587) or smtps://[user:password@]host[:port] (port 465)',
  read(text) {
    const [, secure, userInfo, host = ''] = /^smtp(s?):\/\/(?:([^@/]*)@)?([^@/]+)\/?$/.exec(text) ?? [];
    const login = parseUserInfo(userInfo);
    const endpoint = parseEndpoint(host, secure === 's' ? 465 : 587);
    if (login === undefined || endpoint === undefined) return undefined;
    // A mail server knows no user without a name.
    if (login.password !== undefined && login.username === undefined) return undefined;
    return { ...endpoint, ...login, tls: secure === 's' };
  },
};

export interface MailSender {
  /** Empty: only the address is shown. */
  readonly name: string;
  readonly address: string;
}

/** Plain ASCII: mail servers without RFC 6531 take it, and nothing in it can end a header. */
const address = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$/;
const sender = /^(?:(?<name>[\p{L}\p{N} .'_-]{1,64}) <(?<named>[^<>]+)>|(?<bare>[^<>]+))$/u;

export const mailFrom: Kind<MailSender> = {
  form: 'an address, or a name and an address: `Example <no-reply@example.com>`',
  read(text) {
    const { name = '', named, bare = '' } = sender.exec(text)?.groups ?? {};
    const found = named ?? bare;
    return address.test(found) ? { name: name.trim(), address: found } : undefined;
  },
};
