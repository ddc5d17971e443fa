/**
 * What pages of other origins may read (CORS, WHATWG Fetch §3.3). The origins in CORS_ORIGINS, compared as exact text, may
 * use everything under /auth/ with the cookie; all other origins get no answer that a script could read. What is public
 * anyway, keys and metadata, anybody may read, without cookies.
 */
import type { FastifyReply } from 'fastify';
import type { HttpApp } from './bareApp.ts';
import { httpLimits } from './limits.ts';

const covered = '/auth/';

/** What a preflight allows. A header or method that is not here makes the browser refuse the request. */
const preflightHeaders = (ownHeaders: readonly string[]) => ({
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': ['authorization', 'content-type', ...ownHeaders].join(', '),
  'access-control-max-age': String(httpLimits.corsPreflightSeconds),
});

/** Beside those that every script may read. */
const exposedHeaders = 'ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id';

/**
 * Called first, so that a listed origin can read refusals too. Without origins, nothing is answered at all. `ownHeaders`: request headers
 * that slices define.
 */
export function allowOrigins(app: HttpApp, origins: readonly string[], ownHeaders: readonly string[]): void {
  if (origins.length === 0) return;
  const listed = new Set(origins);
  const allowed = preflightHeaders(ownHeaders);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(covered)) return done();
    // Also where no origin came, or one that is not listed: a cache must not give one origin's answer to another.
    reply.header('vary', 'Origin');
    const { origin, 'access-control-request-method': asked } = request.headers;
    if (origin === undefined || !listed.has(origin)) return done();
    reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true');
    if (request.method === 'OPTIONS' && asked !== undefined) {
      return void reply.code(204).headers(allowed).send();
    }
    reply.header('access-control-expose-headers', exposedHeaders);
    done();
  });
}

/** No credentials go with `*`, and it is the same for everybody, so it needs no `Vary`. */
export function allowEveryOrigin(reply: FastifyReply): FastifyReply {
  return reply.header('access-control-allow-origin', '*');
}
