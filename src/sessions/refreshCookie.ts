/**
 * The browser's refresh cookie. Owns its name, its attributes and how to find it in a request. `csrf.ts` decides who may use it;
 * operations judge its value.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookiesIn } from '../transport/http/cookies.ts';
import { parseRefreshToken } from './refreshToken.ts';

/**
 * `__Host-`: browsers accept it only from this host, over TLS, for every path, never from a subdomain or sibling (RFC 6265bis
 * §4.1.3.2), so no other site can plant one.
 */
export const refreshCookieName = '__Host-countersign-refresh';

const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** `seconds`: until an unused session ends. The token needs no escaping in a cookie. */
export function setRefreshCookie(reply: FastifyReply, token: string, seconds: number): void {
  reply.header('set-cookie', `${refreshCookieName}=${token}; Max-Age=${seconds}; ${attributes}`);
}

export function clearRefreshCookie(reply: FastifyReply): void {
  reply.header('set-cookie', `${refreshCookieName}=; Max-Age=0; ${attributes}`);
}

/**
 * Clears a browser at logout. "storage" is what scripts and service workers keep for this origin. Not "cookies": it would log the
 * user out of other applications on the registrable domain. Not "cache": our answers are `no-store`, and clearing takes Chromium
 * seconds.
 */
export function forgetBrowser(reply: FastifyReply): void {
  clearRefreshCookie(reply);
  reply.header('clear-site-data', '"storage"');
}

/** True when the cookie is present, whatever its value or count. */
export function hasRefreshCookie(headers: IncomingHttpHeaders): boolean {
  return refreshCookies(headers).length > 0;
}

/** Whether the cookie belongs to this session: a page that acts with a bearer token must not clear another session's cookie. */
export function hasRefreshCookieOf(headers: IncomingHttpHeaders, sessionId: SessionId): boolean {
  return refreshCookies(headers).some((token) => parseRefreshToken(token)?.sessionId === sessionId);
}

/**
 * Returns the unvalidated value; `undefined` without a cookie. Throws `invalid_request` for several: we cannot tell which one is
 * ours.
 */
export function readRefreshCookie(headers: IncomingHttpHeaders): string | undefined {
  const [value, ...others] = refreshCookies(headers);
  if (others.length === 0) return value;
  throw invalidField(refreshCookieName, 'unique', 'the cookie came more than once');
}

/**
 * The refresh token from the body or the cookie. Both at once are refused: another part of the system could take the request for
 * the other session's.
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

function refreshCookies(headers: IncomingHttpHeaders): readonly string[] {
  return cookiesIn(headers).flatMap(([name, value]) => (name === refreshCookieName ? [value] : []));
}
