/** Register, login, refresh, password and me: who somebody is, and their tokens. */

import { rfc3339 } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { normaliseEmail } from '../accounts/email.ts';
import type { TokenResponse } from '../tokens/tokenResponse.ts';
import type { HttpFlows, HttpParts } from '../transport/http/app.ts';
import type { HttpApp } from '../transport/http/bareApp.ts';
import { type Authenticate, originOf } from '../transport/http/caller.ts';
import { inCookieMode } from '../transport/http/csrf.ts';
import type { RateLimits } from '../transport/http/rateLimits.ts';
import {
  forgetBrowser,
  hasRefreshCookieOf,
  presentedRefreshToken,
  readRefreshCookie,
  setRefreshCookie,
} from '../transport/http/refreshCookie.ts';
import { noContent, operation, optionalBody } from '../transport/http/route.ts';
import {
  deleteMeBody,
  loginBody,
  loginQuery,
  meResponse,
  newRefreshTokenResponse,
  passwordBody,
  refreshBody,
  registerBody,
  registerResponse,
  type TokenResponseBody,
  tokenResponse,
} from '../transport/http/schemas.ts';

export function authRoutes(
  app: HttpApp,
  { flows }: HttpParts,
  authenticate: Authenticate,
  rateLimits: RateLimits,
): void {
  const registerSchema = {
    body: registerBody,
    ...operation({
      summary: 'Make a user',
      refusals: [400, 403, 409, 429, 503],
      response: { 201: registerResponse },
    }),
  };
  const registerOptions = { schema: registerSchema, ...rateLimits.hooks('register', emailIn) };
  app.post('/auth/register', registerOptions, async (request, reply) => {
    const { userId } = await flows.register(request.body, originOf(request), () =>
      rateLimits.spendGlobal('register', request, reply),
    );
    return reply.code(201).send({ user_id: userId });
  });

  tokenRoutes(app, flows, rateLimits);
  accountRoutes(app, flows, authenticate, rateLimits);
}

/** Whom a body is about; a malformed e-mail is refused by the flow. */
function emailIn({ body }: FastifyRequest): string | undefined {
  try {
    return normaliseEmail((body as { email: string }).email);
  } catch {
    return undefined;
  }
}

function tokenRoutes(app: HttpApp, flows: HttpFlows, rateLimits: RateLimits): void {
  const loginSchema = {
    querystring: loginQuery,
    body: loginBody,
    ...operation({
      summary: 'Log in',
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  const loginOptions = {
    schema: loginSchema,
    config: { cookieMode: 'asked' },
    ...rateLimits.hooks('login', emailIn),
  } as const;
  app.post('/auth/login', loginOptions, async (request, reply) => {
    const { email, password, device_name: deviceName, device_id: deviceId, audience } = request.body;
    // Without ?cookie the answer leaves the cookie as it is, and so its session.
    const cookieMode = inCookieMode(request);
    const replaces = cookieMode ? readRefreshCookie(request.headers) : undefined;
    const input = { email, password, deviceName, audience, replaces };
    const tokens = await flows.login(input, originOf(request, deviceId), () =>
      rateLimits.spendGlobal('login', request, reply),
    );
    return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
  });

  const refreshSchema = {
    body: refreshBody,
    ...operation({
      summary: 'Exchange a refresh token for the next pair',
      cookie: true,
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  const refreshOptions = {
    preValidation: optionalBody,
    schema: refreshSchema,
    config: { cookieMode: 'presented' },
    ...rateLimits.placeHook('refresh'),
  } as const;
  app.post('/auth/refresh', refreshOptions, async (request, reply) => {
    const { refresh_token: ofBody, device_id: deviceId, audience } = request.body;
    const token = presentedRefreshToken(request, ofBody);
    if (token === undefined) throw noRefreshToken(request);
    // A refusal leaves the cookie: it may arrive after a login in another tab, and would take away the cookie of that.
    const admit = (sessionId: SessionId) => rateLimits.spend('refresh', sessionId, request, reply);
    const tokens = await flows.refresh(token, originOf(request, deviceId), admit, audience);
    return ofBody === undefined ? inCookie(reply, tokens) : inBody(tokens);
  });
}

function accountRoutes(
  app: HttpApp,
  flows: HttpFlows,
  authenticate: Authenticate,
  rateLimits: RateLimits,
): void {
  const passwordSchema = {
    body: passwordBody,
    ...operation({
      summary: 'Change my password; every other session ends, and a refresh token that is sent is replaced',
      bearer: true,
      refusals: [400, 403, 429],
      response: { ...noContent, 200: newRefreshTokenResponse },
    }),
  };
  const passwordOptions = { schema: passwordSchema, ...rateLimits.placeHook('password') };
  app.post('/auth/password', passwordOptions, async (request, reply) => {
    const { sub, sid } = await authenticate(request);
    await rateLimits.spend('password', sub, request, reply);
    const {
      current_password: currentPassword,
      new_password: newPassword,
      refresh_token: ofBody,
    } = request.body;
    const ofCookie = hasRefreshCookieOf(request.headers, sid)
      ? readRefreshCookie(request.headers)
      : undefined;
    const input = { currentPassword, newPassword, refreshToken: ofBody ?? ofCookie };
    const rotated = await flows.changePassword(input, { userId: sub, sessionId: sid }, originOf(request));
    if (rotated === undefined) return reply.code(204).send(null);
    const { refreshToken, refreshExpiresIn } = rotated;
    if (ofBody !== undefined)
      return reply.code(200).send({ refresh_token: refreshToken, refresh_expires_in: refreshExpiresIn });
    setRefreshCookie(reply, refreshToken, refreshExpiresIn);
    return reply.code(204).send(null);
  });

  const deleteSchema = {
    body: deleteMeBody,
    ...operation({
      summary: 'Delete my account; every session ends',
      bearer: true,
      refusals: [400, 403, 429],
      response: noContent,
    }),
  };
  const deleteOptions = { schema: deleteSchema, ...rateLimits.placeHook('password') };
  app.delete('/auth/me', deleteOptions, async (request, reply) => {
    const { sub: userId, sid: sessionId } = await authenticate(request);
    await rateLimits.spend('password', userId, request, reply);
    const { current_password: currentPassword } = request.body;
    await flows.deleteAccount(currentPassword, { userId, sessionId }, originOf(request));
    if (hasRefreshCookieOf(request.headers, sessionId)) forgetBrowser(reply);
    return reply.code(204).send(null);
  });

  const meSchema = operation({
    summary: 'Who the token says I am',
    bearer: true,
    refusals: [429],
    response: { 200: meResponse },
  });
  app.get('/auth/me', { schema: meSchema, ...rateLimits.placeHook('reads') }, async (request, reply) => {
    const claims = await authenticate(request);
    await rateLimits.spend('reads', claims.sub, request, reply);
    return {
      user_id: claims.sub,
      session_id: claims.sid,
      client_id: claims.client_id,
      scope: claims.scope,
      amr: [...claims.amr],
      authenticated_at: rfc3339(claims.auth_time * 1000),
      expires_at: rfc3339(claims.exp * 1000),
    };
  });
}

/** A page cannot see whether it has the cookie, so that is no mistake of its; its user has to log in. */
function noRefreshToken(request: FastifyRequest): AuthorityError {
  return inCookieMode(request)
    ? new AuthorityError('token_required', { detail: 'There is no cookie with a refresh token: log in.' })
    : invalidField('refresh_token', 'required', 'is required, in the body or in the cookie');
}

function inBody(tokens: TokenResponse): TokenResponseBody {
  return { ...withoutRefreshToken(tokens), refresh_token: tokens.refreshToken };
}

/** No script ever sees the refresh token. */
function inCookie(reply: FastifyReply, tokens: TokenResponse): TokenResponseBody {
  setRefreshCookie(reply, tokens.refreshToken, tokens.refreshExpiresIn);
  return withoutRefreshToken(tokens);
}

function withoutRefreshToken(tokens: TokenResponse): TokenResponseBody {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresIn,
    refresh_expires_in: tokens.refreshExpiresIn,
    scope: tokens.scope,
    session_id: tokens.sessionId,
  };
}
