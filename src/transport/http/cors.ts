/**
 * What pages of other origins may read (CORS, WHATWG Fetch §3.3). Origins in CORS_ORIGINS, compared as exact text, may use
 * everything under /auth/ with the cookie; other origins get no readable answer. Public data, keys and metadata, may be read by
 * anybody without cookies.
 */
import type { FastifyReply } from 'fastify';
import type { HttpApp } from './bareApp.ts';
import { httpLimits } from './limits.ts';

const covered = '/auth/';

/** The preflight's allow-list. The browser refuses other headers and methods. */
const preflightHeaders = (ownHeaders: readonly string[]) => ({
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': ['authorization', 'content-type', ...ownHeaders].join(', '),
  'access-control-max-age': String(httpLimits.corsPreflightSeconds),
});

/** Beside the headers every script may read. */
const exposedHeaders = 'dpop-nonce, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id';

/**
 * Called first, so that a listed origin can also read refusals. Without origins, adds nothing. `ownHeaders`: request headers
 * defined by slices.
 */
export function allowOrigins(app: HttpApp, origins: readonly string[], ownHeaders: readonly string[]): void {
  if (origins.length === 0) return;
  const listed = new Set(origins);
  const allowed = preflightHeaders(ownHeaders);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(covered)) return done();
    // Always sent: a cache must not give one origin's answer to another.
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

/**
 * Routes that read no cookie and no address: pages of every origin may call them, with a token or a client's proof that they have
 * themselves. Applications in browsers need that at the token endpoint.
 */
export function allowEveryOriginAt(
  app: HttpApp,
  paths: readonly string[],
  ownHeaders: readonly string[],
): void {
  const open = new Set(paths);
  const allowed = preflightHeaders(ownHeaders);
  app.addHook('onRequest', (request, reply, done) => {
    if (!open.has(request.url.split('?', 1)[0] ?? '')) return done();
    allowEveryOrigin(reply).header('access-control-expose-headers', exposedHeaders);
    const { 'access-control-request-method': asked } = request.headers;
    if (request.method === 'OPTIONS' && asked !== undefined)
      return void reply.code(204).headers(allowed).send();
    done();
  });
}

/** `*` excludes credentials and is the same for everybody, so no `Vary`. */
export const everyOrigin = { 'access-control-allow-origin': '*' } as const;

export function allowEveryOrigin(reply: FastifyReply): FastifyReply {
  return reply.headers(everyOrigin);
}
