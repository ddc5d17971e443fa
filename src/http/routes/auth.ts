/** Register, login, refresh, logout, password and me: who somebody is, and their tokens. */
import type { FastifyRequest } from 'fastify';
import { rfc3339 } from '../../core/clock.ts';
import { AuthorityError } from '../../core/errors.ts';
import type { LogoutCredential } from '../../flows/logout.ts';
import type { TokenResponse } from '../../flows/tokenResponse.ts';
import type { HttpApp, HttpParts } from '../app.ts';
import { type Authenticate, bearerToken, originOf } from '../caller.ts';
import {
  emptyBody,
  loginBody,
  logoutBody,
  meResponse,
  passwordBody,
  refreshBody,
  registerBody,
  registerResponse,
  type TokenResponseBody,
  tokenResponse,
} from '../schemas.ts';
import { describe, noContent, optionalBody } from './route.ts';

export function authRoutes(app: HttpApp, { flows }: HttpParts, authenticate: Authenticate): void {
  app.post(
    '/auth/register',
    {
      schema: {
        ...describe('Make a user.', 400, 403, 409),
        body: registerBody,
        response: { 201: registerResponse },
      },
    },
    async (request, reply) => {
      const { userId } = await flows.register(request.body, originOf(request));
      return reply.code(201).send({ user_id: userId });
    },
  );

  app.post(
    '/auth/login',
    {
      schema: {
        ...describe('Log in with a password.', 400, 401, 503),
        body: loginBody,
        response: { 200: tokenResponse },
      },
    },
    async (request) => {
      const { email, password, device_name: deviceName } = request.body;
      return toBody(await flows.login({ email, password, deviceName }, originOf(request)));
    },
  );

  app.post(
    '/auth/refresh',
    {
      schema: {
        ...describe('Exchange a refresh token for the next pair.', 400, 401, 429),
        body: refreshBody,
        response: { 200: tokenResponse },
      },
    },
    async (request) => toBody(await flows.refresh(request.body.refresh_token, originOf(request))),
  );

  app.post(
    '/auth/logout',
    {
      preValidation: optionalBody,
      schema: {
        ...describe(
          'End the session of this refresh token, or of the bearer token. In effect when answered.',
          401,
        ),
        body: logoutBody,
        response: noContent,
      },
    },
    async (request, reply) => {
      await flows.logout(logoutCredential(request, request.body.refresh_token), originOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/logout-all',
    {
      preValidation: optionalBody,
      schema: {
        ...describe('End every session of the caller. In effect when answered.', 401),
        body: emptyBody,
        response: noContent,
      },
    },
    async (request, reply) => {
      const { sub } = await authenticate(request);
      await flows.logoutAll(sub, originOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/auth/password',
    {
      schema: {
        ...describe('Change the password; every other session ends.', 400, 401),
        body: passwordBody,
        response: noContent,
      },
    },
    async (request, reply) => {
      const { sub, sid } = await authenticate(request);
      const { current_password: currentPassword, new_password: newPassword } = request.body;
      const caller = { userId: sub, sessionId: sid };
      await flows.changePassword({ currentPassword, newPassword }, caller, originOf(request));
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/auth/me',
    { schema: { ...describe('Who the token says I am.', 401), response: { 200: meResponse } } },
    async (request) => {
      const claims = await authenticate(request);
      return {
        user_id: claims.sub,
        session_id: claims.sid,
        client_id: claims.client_id,
        scope: claims.scope,
        amr: [...claims.amr],
        authenticated_at: rfc3339(claims.auth_time * 1000),
        expires_at: rfc3339(claims.exp * 1000),
      };
    },
  );
}

function toBody(tokens: TokenResponse): TokenResponseBody {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresIn,
    refresh_token: tokens.refreshToken,
    refresh_expires_in: tokens.refreshExpiresIn,
    scope: tokens.scope,
    session_id: tokens.sessionId,
  };
}

/** The refresh token in the body decides; without one, the bearer token does. */
function logoutCredential(request: FastifyRequest, refreshToken: string | undefined): LogoutCredential {
  if (refreshToken !== undefined) return { refreshToken };
  const accessToken = bearerToken(request);
  if (accessToken === undefined) {
    throw new AuthorityError('token_required', {
      detail: 'Send refresh_token in the body or a bearer token.',
    });
  }
  return { accessToken };
}
