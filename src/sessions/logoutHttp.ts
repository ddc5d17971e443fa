/** Logging out: one session, or all of them; and what the browser that asked forgets. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { HttpFlows, HttpParts } from '../transport/http/app.ts';
import type { HttpApp } from '../transport/http/bareApp.ts';
import {
  type Authenticate,
  bearerToken,
  bearerTokenBeside,
  namedBy,
  originOf,
} from '../transport/http/caller.ts';
import { inCookieMode } from '../transport/http/csrf.ts';
import type { RateLimits } from '../transport/http/rateLimits.ts';
import {
  clearRefreshCookie,
  forgetBrowser,
  hasRefreshCookie,
  hasRefreshCookieOf,
  presentedRefreshToken,
} from '../transport/http/refreshCookie.ts';
import { noContent, operation, optionalBody } from '../transport/http/route.ts';
import { emptyBody, logoutBody } from '../transport/http/schemas.ts';

export function logoutRoutes(
  app: HttpApp,
  { flows }: HttpParts,
  authenticate: Authenticate,
  rateLimits: RateLimits,
): void {
  const logoutSchema = {
    body: logoutBody,
    ...operation({
      summary:
        'End the session of this refresh token, of the body or the cookie, and that of the bearer token',
      cookie: true,
      refusals: [400, 401, 403, 503],
      response: noContent,
    }),
  };
  const logoutOptions = {
    preValidation: optionalBody,
    schema: logoutSchema,
    config: { cookieMode: 'presented' },
  } as const;
  // Never refused for its number: who may not log out stays logged in.
  app.post('/auth/logout', logoutOptions, async (request, reply) => {
    const ended = logOut(flows, request, request.body.refresh_token);
    await ended.catch((error) => {
      // A cookie that we did not issue is of no use to anybody. After any other failure it is needed for the next try.
      const useless = error instanceof AuthorityError && error.code === 'invalid_grant';
      if (useless && hasRefreshCookie(request.headers)) clearRefreshCookie(reply);
      throw error;
    });
    if (inCookieMode(request)) forgetBrowser(reply);
    return reply.code(204).send(null);
  });

  endingRoutes(app, flows, authenticate, rateLimits);
}

/** By whoever has an access token. That of the others leaves it alive, so it could be called for ever. */
function endingRoutes(
  app: HttpApp,
  flows: HttpFlows,
  authenticate: Authenticate,
  rateLimits: RateLimits,
): void {
  const logoutAllSchema = {
    body: emptyBody,
    ...operation({
      summary: 'End every session of mine',
      bearer: true,
      refusals: [400, 429],
      response: noContent,
    }),
  };
  const options = { preValidation: optionalBody, ...rateLimits.placeHook('sessions') };
  app.post('/auth/logout-all', { ...options, schema: logoutAllSchema }, async (request, reply) => {
    const claims = await authenticate(request);
    const { sub, sid } = claims;
    await rateLimits.spend('sessions', sub, request, reply);
    await flows.logoutAll(namedBy(claims), originOf(request));
    if (hasRefreshCookieOf(request.headers, sid)) forgetBrowser(reply);
    return reply.code(204).send(null);
  });

  const logoutOthersSchema = {
    body: emptyBody,
    ...operation({
      summary: 'End every session of mine but this one',
      bearer: true,
      refusals: [400, 429],
      response: noContent,
    }),
  };
  app.post('/auth/logout-others', { ...options, schema: logoutOthersSchema }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = await authenticate(request);
    await rateLimits.spend('sessions', userId, request, reply);
    await flows.logoutOthers({ userId, sessionId }, originOf(request));
    return reply.code(204).send(null);
  });
}

/** Whichever tokens came with the request: who sends one of them wants it to end. */
async function logOut(flows: HttpFlows, request: FastifyRequest, ofBody: string | undefined): Promise<void> {
  const refreshToken = presentedRefreshToken(request, ofBody);
  const accessToken = refreshToken === undefined ? bearerToken(request) : bearerTokenBeside(request);
  if (refreshToken !== undefined || accessToken !== undefined)
    return flows.logout({ refreshToken, accessToken }, originOf(request));
  // A browser that is logged out already has neither.
  if (inCookieMode(request)) return;
  throw new AuthorityError('token_required', {
    detail: 'Send refresh_token in the body, the cookie of a browser, or a bearer token.',
  });
}
