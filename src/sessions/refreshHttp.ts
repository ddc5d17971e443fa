/** `POST /auth/refresh`. */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { MountRoutes } from '../transport/http/app.ts';
import { operation, optionalBody } from '../transport/http/route.ts';
import { inCookieMode } from './csrf.ts';
import type { Refresh } from './refresh.ts';
import { presentedRefreshToken } from './refreshCookie.ts';
import { refreshBody, tokenResponse } from './schemas.ts';
import { inBody, inCookie } from './tokenReply.ts';

export function refreshRoute(refresh: Refresh): MountRoutes {
  const schema = {
    body: refreshBody,
    ...operation({
      summary: 'Exchange a refresh token for the next pair',
      cookie: true,
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  return (app, { rateLimits }) => {
    const options = {
      preValidation: optionalBody,
      schema,
      config: { cookieMode: 'presented' },
      ...rateLimits.placeHook('refresh'),
    } as const;
    app.post('/auth/refresh', options, async (request, reply) => {
      const { refresh_token: ofBody, device_id: deviceId, audience } = request.body;
      const refreshToken = presentedRefreshToken(request, ofBody);
      if (refreshToken === undefined) throw noRefreshToken(request);
      // A refusal keeps the cookie: another tab may have logged in meanwhile, and then it is that login's cookie.
      const tokens = await refresh({ refreshToken, deviceId, audience }, request.actor);
      return ofBody === undefined ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}

/** A page cannot see a missing cookie, so this is no client error: the user has to log in. */
function noRefreshToken(request: FastifyRequest): AuthorityError {
  return inCookieMode(request)
    ? new AuthorityError('token_required', { detail: 'There is no cookie with a refresh token: log in.' })
    : invalidField('refresh_token', 'required', 'is required, in the body or in the cookie');
}
