/**
 * Redirect URIs as a client registers them (RFC 9700 §2.1, RFC 8252 §7). They are compared as text, so each has exactly one spelling:
 * absolute, no fragment, no user, no `..`, and the form that a URL parser gives back.
 */
import { invalidField } from '@countersign/verifier/errors';
import { oauthLimits } from '../limits.ts';

const loopback = /^(127\.0\.0\.1|\[::1\]|localhost)$/;
/** A private scheme has a dot, as a domain name backwards (RFC 8252 §7.1). */
const privateScheme = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

export function checkRedirectUri(field: string, text: string): void {
  const fault = faultOf(text);
  if (fault !== undefined) throw invalidField(field, 'format', fault);
}

/** It is called by us, not opened by a browser. */
export function checkBackchannelUri(text: string): void {
  const fault = faultOf(text);
  if (fault !== undefined || privateScheme.test(new URL(text).protocol))
    throw invalidField('backchannel_logout_uri', 'format', fault ?? 'must use https, or http on loopback');
}

/**
 * Exactly, as text. Only the port of a loopback address may be another: a native application takes a free one (RFC 8252 §7.3).
 */
export function matchesRedirectUri(registered: string, given: string): boolean {
  if (registered === given) return true;
  if (!URL.canParse(given) || faultOf(given) !== undefined) return false;
  const [own, other] = [new URL(registered), new URL(given)];
  if (own.protocol !== 'http:' || !loopback.test(own.hostname)) return false;
  other.port = own.port;
  return own.href === other.href;
}

function faultOf(text: string): string | undefined {
  if (text.length > oauthLimits.redirectUriCharacters)
    return `must have at most ${oauthLimits.redirectUriCharacters} characters`;
  if (!URL.canParse(text)) return 'must be an absolute URI';
  const { protocol, hostname, href, username, password } = new URL(text);
  if (text.includes('#')) return 'must have no fragment';
  if (username !== '' || password !== '') return 'must have no user';
  const isPlain = protocol === 'http:' && loopback.test(hostname);
  if (protocol !== 'https:' && !isPlain && !privateScheme.test(protocol))
    return 'must use https, http on loopback, or a private scheme with a dot';
  // Also finds `..`, `\`, upper case in the host, default ports and blanks.
  if (href !== text && href !== `${text}/`) return `must be written as ${href.slice(0, 200)}`;
  return undefined;
}
