/** Logout over HTTP: one session or all, and what the browser must forget. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { MountRoutes } from '../transport/http/app.ts';
import { bearerToken, bearerTokenBeside } from '../transport/http/caller.ts';
import { noContent, operation, optionalBody } from '../transport/http/route.ts';
import { emptyBody } from '../transport/http/schemas.ts';
import { inCookieMode } from './csrf.ts';
import type { Logout } from './logout.ts';
import type { LogoutAll } from './logoutAll.ts';
import type { LogoutOthers } from './logoutOthers.ts';
import { namedBy } from './namedByToken.ts';
import {
  clearRefreshCookie,
  forgetBrowser,
  hasRefreshCookie,
  hasRefreshCookieOf,
  presentedRefreshToken,
} from './refreshCookie.ts';
import { logoutBody } from './schemas.ts';

interface LogoutOperations {
  readonly logout: Logout;
  readonly logoutAll: LogoutAll;
  readonly logoutOthers: LogoutOthers;
}

export function logoutRoutes({ logout, logoutAll, logoutOthers }: LogoutOperations): MountRoutes {
  return (app, mount) => {
    const logoutSchema = {
      body: logoutBody,
      ...operation({
        summary: 'End the sessions of the refresh token (in the body or the cookie) and of the bearer token',
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
    // Not rate-limited: a refused logout leaves the user logged in.
    app.post('/auth/logout', logoutOptions, async (request, reply) => {
      const ended = logOut(logout, request, request.body.refresh_token);
      await ended.catch((error) => {
        // A cookie that we did not issue is useless. After any other failure the next try needs it.
        const useless = error instanceof AuthorityError && error.code === 'invalid_grant';
        if (useless && hasRefreshCookie(request.headers)) clearRefreshCookie(reply);
        throw error;
      });
      if (inCookieMode(request)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });

    logoutAllRoutes({ logoutAll, logoutOthers })(app, mount);
  };
}

/** Rate-limited: `logout-others` keeps its own session, so it could be called for ever. */
function logoutAllRoutes({ logoutAll, logoutOthers }: Omit<LogoutOperations, 'logout'>): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const logoutAllSchema = {
      body: emptyBody,
      ...operation({
        summary: 'End all my sessions',
        bearer: true,
        refusals: [400, 429],
        response: noContent,
      }),
    };
    const options = { preValidation: optionalBody, ...rateLimits.placeHook('sessions') };
    app.post('/auth/logout-all', { ...options, schema: logoutAllSchema }, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub, sid } = claims;
      await rateLimits.spend('sessions', sub, request);
      await logoutAll(namedBy(claims), request.actor);
      if (hasRefreshCookieOf(request.headers, sid)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });

    const logoutOthersSchema = {
      body: emptyBody,
      ...operation({
        summary: 'End all my other sessions',
        bearer: true,
        refusals: [400, 429],
        response: noContent,
      }),
    };
    app.post('/auth/logout-others', { ...options, schema: logoutOthersSchema }, async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await rateLimits.spend('sessions', userId, request);
      await logoutOthers({ userId, sessionId }, request.actor);
      return reply.code(204).send(null);
    });
  };
}

/** Ends the sessions of every token in the request. */
async function logOut(logout: Logout, request: FastifyRequest, ofBody: string | undefined): Promise<void> {
  const refreshToken = presentedRefreshToken(request, ofBody);
  const accessToken = refreshToken === undefined ? bearerToken(request) : bearerTokenBeside(request);
  if (refreshToken !== undefined || accessToken !== undefined)
    return logout({ refreshToken, accessToken }, request.actor);
  // A browser that is logged out already has neither.
  if (inCookieMode(request)) return;
  throw new AuthorityError('token_required', {
    detail: 'Send refresh_token in the body, the cookie of a browser, or a bearer token.',
  });
}
