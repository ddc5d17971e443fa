/**
 * Guards the refresh cookie against cross-site requests. A browser attaches the cookie to requests made by foreign pages too, so
 * the request must also carry a header that forms and links cannot send, and come from our own origin or one in CORS_ORIGINS.
 * SameSite=Strict is a third protection, by the browser; it lets sibling hosts pass.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { HttpApp } from '../transport/http/bareApp.ts';
import { hasRefreshCookie } from './refreshCookie.ts';

/** Its value is `1`. A foreign page that sends it triggers a CORS preflight, which is refused. */
export const csrfHeader = 'countersign-csrf';

/** `asked`: the query has `cookie`. `presented`: the request has the cookie or the header above. */
type CookieMode = 'asked' | 'presented';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly cookieMode?: CookieMode;
    /** Takes the form of a page of ours, which cannot send the header. */
    readonly ownForm?: true;
  }
}

/** Whether the client is a browser that keeps its refresh token in the cookie. Such a request has passed `guardCookie`. */
export function inCookieMode(request: FastifyRequest): boolean {
  const { cookieMode } = request.routeOptions.config ?? {};
  if (cookieMode === undefined) return false;
  if (cookieMode === 'asked') return 'cookie' in (request.query as object);
  return hasRefreshCookie(request.headers) || request.headers[csrfHeader] !== undefined;
}

export interface TrustedOrigins {
  /** The origin of ISSUER. */
  readonly own: string;
  /** CORS_ORIGINS. */
  readonly listed: readonly string[];
}

/** Runs before the body is parsed, so that a foreign form learns why it is refused. */
export function guardCookie(app: HttpApp, origins: TrustedOrigins): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config?.ownForm === true) done(formFault(request.headers, origins));
    else done(inCookieMode(request) ? csrfFault(request.headers, origins) : undefined);
  });
}

/** Returns why these headers may not use the cookie; `undefined` when they may. */
export function csrfFault(headers: IncomingHttpHeaders, origins: TrustedOrigins): AuthorityError | undefined {
  if (headers[csrfHeader] !== '1') return refused('no_header', `${csrfHeader}: must be 1`);
  const site = headers['sec-fetch-site'];
  return site === undefined
    ? originFault(headers.origin, origins)
    : siteFault(String(site), headers.origin, origins);
}

/** Only our own pages may send it, not those of CORS_ORIGINS: they have no form of ours. */
function formFault(
  { origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  { own }: TrustedOrigins,
): AuthorityError | undefined {
  if (site === undefined ? origin === own : site === 'same-origin') return undefined;
  return refused('form', 'sec-fetch-site, or else origin: must say that a page of this authority asks');
}

/** The browser states how the asking page relates to us (W3C Fetch Metadata). No script can forge it. */
function siteFault(
  site: string,
  origin: string | undefined,
  { listed }: TrustedOrigins,
): AuthorityError | undefined {
  if (site === 'same-origin') return undefined;
  if (site === 'cross-site') {
    // Refused even when listed: the browser would neither send nor store the cookie, and the login would be lost on reload.
    return refused(
      'cross_site',
      'sec-fetch-site: must not be cross-site, since the cookie is SameSite=Strict',
    );
  }
  if (site !== 'same-site') return refused('fetch_site', 'sec-fetch-site: must be same-origin or same-site');
  if (origin !== undefined && listed.includes(origin)) return undefined;
  return refused('origin', 'origin: must be in CORS_ORIGINS, since it is not the origin of this authority');
}

/** For browsers without Sec-Fetch-Site: they send Origin with every POST. */
function originFault(
  origin: string | undefined,
  { own, listed }: TrustedOrigins,
): AuthorityError | undefined {
  if (origin === undefined) return refused('no_origin', 'sec-fetch-site, or else origin: must be sent');
  if (origin === own || listed.includes(origin)) return undefined;
  return refused('origin', 'origin: must be the origin of the ISSUER, or in CORS_ORIGINS');
}

function refused(reason: string, detail: string): AuthorityError {
  return new AuthorityError('csrf_refused', { reason, detail });
}
