/** Parts of the URLs of other servers, parsed strictly. */
import { isIPv4, isIPv6 } from 'node:net';
import { isHostName } from './kinds.ts';

export interface Endpoint {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface UrlLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** `user:password` or `:password`, percent-encoded (RFC 3986 §3.2.1). A user without a password cannot log in. */
export function parseUserInfo(text: string | undefined): UrlLogin | undefined {
  if (text === undefined) return { username: undefined, password: undefined };
  const [, user = '', secret = ''] = /^([^:]*):(.+)$/.exec(text) ?? [];
  const [username, password] = [decodePercent(user), decodePercent(secret)];
  return username !== undefined && password ? { username: username || undefined, password } : undefined;
}

/** Undefined for unencoded reserved characters, and for encodings that are not text. */
function decodePercent(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*$/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `host` or `host:port`. Undefined when it is neither. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  const [, bracketed, bare = '', digits] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  // Container networks use names with underscores.
  const isHost = bracketed === undefined ? isIPv4(bare) || isHostName(bare, '\\w') : isIPv6(bracketed);
  return isHost && port <= 65_535 ? { host: bracketed ?? bare, port } : undefined;
}
