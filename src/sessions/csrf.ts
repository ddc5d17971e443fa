/**
 * Who may use the cookie of a browser. A browser attaches it to requests that a foreign page made, so the cookie alone says
 * nothing about who asks: the request must also carry a header that forms and links cannot send, and come from our own
 * origin or one that the operator has listed. SameSite=Strict is a third guard, of the browser; it lets sibling hosts pass.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { HttpApp } from '../transport/http/bareApp.ts';
import { hasRefreshCookie } from './refreshCookie.ts';

/** Its value is `1`. A foreign page that sends it makes the browser ask first (CORS preflight), and that is refused. */
export const csrfHeader = 'countersign-csrf';

/** Where the cookie counts: `asked` when the query has `cookie`, `presented` when it, or the header above, is there. */
type CookieMode = 'asked' | 'presented';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly cookieMode?: CookieMode;
  }
}

/** Whether the request is of a browser that keeps its refresh token in the cookie. Such requests have passed the guard. */
export function inCookieMode(request: FastifyRequest): boolean {
  const { cookieMode } = request.routeOptions.config ?? {};
  if (cookieMode === undefined) return false;
  if (cookieMode === 'asked') return 'cookie' in (request.query as object);
  return hasRefreshCookie(request.headers) || request.headers[csrfHeader] !== undefined;
}

export interface TrustedOrigins {
  /** The origin of the ISSUER. */
  readonly own: string;
  /** CORS_ORIGINS. */
  readonly listed: readonly string[];
}

/** Called before bodies are looked at, so that a foreign form is told why it is refused. */
export function guardCookie(app: HttpApp, origins: TrustedOrigins): void {
  app.addHook('onRequest', (request, _reply, done) => {
    done(inCookieMode(request) ? csrfFault(request.headers, origins) : undefined);
  });
}

/** Why these headers are not those of a page that may use the cookie; `undefined` when they are. */
export function csrfFault(headers: IncomingHttpHeaders, origins: TrustedOrigins): AuthorityError | undefined {
  if (headers[csrfHeader] !== '1') return refused('no_header', `${csrfHeader}: must be 1`);
  const site = headers['sec-fetch-site'];
  return site === undefined
    ? originFault(headers.origin, origins)
    : siteFault(String(site), headers.origin, origins);
}

/** The browser says where the page is that asks, relative to us (W3C Fetch Metadata). No script can forge it. */
function siteFault(
  site: string,
  origin: string | undefined,
  { listed }: TrustedOrigins,
): AuthorityError | undefined {
  if (site === 'same-origin') return undefined;
  if (site === 'cross-site') {
    // Listed or not: the browser neither sends nor stores the cookie then, and a login would be lost with the next reload.
    return refused(
      'cross_site',
      'sec-fetch-site: must not be cross-site, since the cookie is SameSite=Strict',
    );
  }
  if (site !== 'same-site') return refused('fetch_site', 'sec-fetch-site: must be same-origin or same-site');
  if (origin !== undefined && listed.includes(origin)) return undefined;
  return refused('origin', 'origin: must be in CORS_ORIGINS, since it is not the origin of this authority');
}

/** For browsers that do not say it. They send the origin of every POST. */
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
