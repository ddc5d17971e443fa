/**
 * The cookie that keeps the refresh token of a browser. Owns its name and attributes, and how it is found in a request. What
 * may be done with it is decided in `csrf.ts`; what it is worth, by the flows.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseRefreshToken } from './refreshToken.ts';

/**
 * `__Host-`: a browser takes it from this host only, over a secure connection, for every path, and from no subdomain or
 * sibling (RFC 6265bis §4.1.3.2). So nobody beside us can put one there.
 */
export const refreshCookieName = '__Host-countersign-refresh';

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** `seconds`: until the session ends if it is not used. The token has no character that a cookie would have to escape. */
export function setRefreshCookie(reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', `${refreshCookieName}=${token}; Max-Age=${seconds}; ${attributes}`);
}

export function clearRefreshCookie(reply: FastifyReply): void {
  reply.header('set-cookie', `${refreshCookieName}=; Max-Age=0; ${attributes}`);
}

/**
 * Clears a browser at logout. "storage" is what scripts and service workers keep for this origin. "cookies" is left out: it would
 * also log the user out of other applications on the same registrable domain. "cache" is left out: our answers are never cached
 * (`no-store`), and clearing it takes Chromium seconds.
 */
export function forgetBrowser(reply: FastifyReply): void {
  clearRefreshCookie(reply);
  reply.header('clear-site-data', '"storage"');
}

/** True when the request has the cookie, whatever is in it, and how often. */
export function hasRefreshCookie(headers: IncomingHttpHeaders): boolean {
  return refreshCookies(headers).length > 0;
}

/** Whether the cookie is of this session. What a page does with a bearer token leaves that of another one where it is. */
export function hasRefreshCookieOf(headers: IncomingHttpHeaders, sessionId: SessionId): boolean {
  return refreshCookies(headers).some((token) => parseRefreshToken(token)?.sessionId === sessionId);
}

/**
 * The value of the cookie, which may be anything that somebody wrote there; `undefined` when there is none. Throws
 * `invalid_request` when there are several: which of them is ours cannot be told.
 */
export function readRefreshCookie(headers: IncomingHttpHeaders): string | undefined {
  const [value, ...others] = refreshCookies(headers);
  if (others.length === 0) return value;
  throw invalidField(refreshCookieName, 'unique', 'the cookie came more than once');
}

/**
 * The refresh token of the body, or of the cookie. Both at once are refused: whichever counted, some other part of a system
 * would take the request for one of the other session.
 */
export function presentedRefreshToken(
  { headers }: FastifyRequest,
  ofBody: string | undefined,
): string | undefined {
  const ofCookie = readRefreshCookie(headers);
  if (ofBody !== undefined && ofCookie !== undefined) {
    throw invalidField('refresh_token', 'one_source', 'came in the cookie as well; send one of them');
  }
  return ofBody ?? ofCookie;
}

/**
 * Names are compared exactly, and only what RFC 6265 §4.2.1 puts around them is taken away. Parsers that also take away other
 * white space, or compare without case, find the cookie under names that browsers do not protect. Several header fields
 * arrive as one here, joined by "; ".
 */
function refreshCookies({ cookie = '' }: IncomingHttpHeaders): readonly string[] {
  return cookie
    .split(';')
    .map(withoutBlanks)
    .filter((pair) => pair.startsWith(`${refreshCookieName}=`))
    .map((pair) => pair.slice(refreshCookieName.length + 1));
}

/** Not by a pattern: one for blanks at the end looks back at each blank in the middle, which takes 0.2 s on 16 kB of them. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === ' ' || text[at] === '\t';
  let [from, to] = [0, text.length];
  while (from < to && isBlank(from)) from += 1;
  while (to > from && isBlank(to - 1)) to -= 1;
  return text.slice(from, to);
}
