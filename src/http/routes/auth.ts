/** Register, login, refresh, logout, password and me: who somebody is, and their tokens. */
import type { FastifyRequest } from 'fastify';
import { rfc3339 } from '../../core/clock.ts';
import { AuthorityError } from '../../core/errors.ts';
import type { LogoutCredential } from '../../flows/logout.ts';
import type { TokenResponse } from '../../flows/tokenResponse.ts';
import type { HttpFlows, HttpParts } from '../app.ts';
import type { HttpApp } from '../bareApp.ts';
import { type Authenticate, bearerToken, originOf } from '../caller.ts';
import {
  deleteMeBody,
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
import { noContent, operation, optionalBody } from './route.ts';

export function authRoutes(app: HttpApp, { flows }: HttpParts, authenticate: Authenticate): void {
  const registerSchema = {
    body: registerBody,
    ...operation({
      summary: 'Make a user',
      refusals: [400, 403, 409, 503],
      response: { 201: registerResponse },
    }),
  };
  app.post('/auth/register', { schema: registerSchema }, async (request, reply) => {
    const { userId } = await flows.register(request.body, originOf(request));
    return reply.code(201).send({ user_id: userId });
  });

  const loginSchema = {
    body: loginBody,
    ...operation({ summary: 'Log in', refusals: [400, 401, 503], response: { 200: tokenResponse } }),
  };
  app.post('/auth/login', { schema: loginSchema }, async (request) => {
    const { email, password, device_name: deviceName, device_id: deviceId } = request.body;
    return toBody(await flows.login({ email, password, deviceName }, originOf(request, deviceId)));
  });

  const refreshSchema = {
    body: refreshBody,
    ...operation({
      summary: 'Exchange a refresh token for the next pair',
      refusals: [400, 401, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  app.post('/auth/refresh', { schema: refreshSchema }, async (request) => {
    const { refresh_token: refreshToken, device_id: deviceId } = request.body;
    return toBody(await flows.refresh(refreshToken, originOf(request, deviceId)));
  });

  logoutRoutes(app, flows, authenticate);
  accountRoutes(app, flows, authenticate);
}

function logoutRoutes(app: HttpApp, flows: HttpFlows, authenticate: Authenticate): void {
  const logoutSchema = {
    body: logoutBody,
    ...operation({
      summary: 'End the session of this refresh token, or else of the bearer token',
      refusals: [400, 401, 503],
      response: noContent,
    }),
  };
  app.post('/auth/logout', { preValidation: optionalBody, schema: logoutSchema }, async (request, reply) => {
    await flows.logout(logoutCredential(request, request.body.refresh_token), originOf(request));
    return reply.code(204).send(null);
  });

  const logoutAllSchema = {
    body: emptyBody,
    ...operation({
      summary: 'End every session of mine',
      bearer: true,
      refusals: [400],
      response: noContent,
    }),
  };
  app.post(
    '/auth/logout-all',
    { preValidation: optionalBody, schema: logoutAllSchema },
    async (request, reply) => {
      const { sub } = await authenticate(request);
      await flows.logoutAll(sub, originOf(request));
      return reply.code(204).send(null);
    },
  );

  const logoutOthersSchema = {
    body: emptyBody,
    ...operation({
      summary: 'End every session of mine but this one',
      bearer: true,
      refusals: [400],
      response: noContent,
    }),
  };
  app.post(
    '/auth/logout-others',
    { preValidation: optionalBody, schema: logoutOthersSchema },
    async (request, reply) => {
      const { sub: userId, sid: sessionId } = await authenticate(request);
      await flows.logoutOthers({ userId, sessionId }, originOf(request));
      return reply.code(204).send(null);
    },
  );
}

function accountRoutes(app: HttpApp, flows: HttpFlows, authenticate: Authenticate): void {
  const passwordSchema = {
    body: passwordBody,
    ...operation({
      summary: 'Change my password; every other session ends',
      bearer: true,
      refusals: [400],
      response: noContent,
    }),
  };
  app.post('/auth/password', { schema: passwordSchema }, async (request, reply) => {
    const { sub, sid } = await authenticate(request);
    const { current_password: currentPassword, new_password: newPassword } = request.body;
    const caller = { userId: sub, sessionId: sid };
    await flows.changePassword({ currentPassword, newPassword }, caller, originOf(request));
    return reply.code(204).send(null);
  });

  const deleteSchema = {
    body: deleteMeBody,
    ...operation({
      summary: 'Delete my account; every session ends',
      bearer: true,
      refusals: [400],
      response: noContent,
    }),
  };
  app.delete('/auth/me', { schema: deleteSchema }, async (request, reply) => {
    const { sub: userId, sid: sessionId } = await authenticate(request);
    const { current_password: currentPassword } = request.body;
    await flows.deleteAccount(currentPassword, { userId, sessionId }, originOf(request));
    return reply.code(204).send(null);
  });

  const meSchema = operation({
    summary: 'Who the token says I am',
    bearer: true,
    response: { 200: meResponse },
  });
  app.get('/auth/me', { schema: meSchema }, async (request) => {
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
  });
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
