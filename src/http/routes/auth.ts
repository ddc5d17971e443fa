/** Register, login, refresh, logout, password and me: who somebody is, and their tokens. */
import type { FastifyRequest } from 'fastify';
import { normaliseEmail } from '../../authn/email.ts';
import { rfc3339 } from '../../core/clock.ts';
import { AuthorityError } from '../../core/errors.ts';
import type { LogoutCredential } from '../../flows/logout.ts';
import type { TokenResponse } from '../../flows/tokenResponse.ts';
import { parseRefreshToken } from '../../sessions/refreshToken.ts';
import type { HttpFlows, HttpParts } from '../app.ts';
import type { HttpApp } from '../bareApp.ts';
import { type Authenticate, bearerToken, originOf } from '../caller.ts';
import type { RateLimits } from '../rateLimits.ts';
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
import { noContent, operation, optionalBody } from './route.ts';

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
    const { userId } = await flows.register(request.body, originOf(request));
    return reply.code(201).send({ user_id: userId });
  });

  const loginSchema = {
    body: loginBody,
    ...operation({
      summary: 'Log in',
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  const loginOptions = { schema: loginSchema, ...rateLimits.hooks('login', emailIn) };
  app.post('/auth/login', loginOptions, async (request) => {
    const { email, password, device_name: deviceName } = request.body;
    return toBody(await flows.login({ email, password, deviceName }, originOf(request)));
  });

  const refreshSchema = {
    body: refreshBody,
    ...operation({
      summary: 'Exchange a refresh token for the next pair',
      refusals: [400, 401, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  const refreshOptions = { schema: refreshSchema, ...rateLimits.hooks('refresh', sessionIn) };
  app.post('/auth/refresh', refreshOptions, async (request) =>
    toBody(await flows.refresh(request.body.refresh_token, originOf(request))),
  );

  logoutRoutes(app, flows, authenticate);
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

/** Nobody has proved to hold the token yet: who knows the session's id uses up its budget from his own network only. */
function sessionIn({ body }: FastifyRequest): string | undefined {
  return parseRefreshToken((body as { refresh_token: string }).refresh_token)?.sessionId;
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
      summary: 'Change my password; every other session ends',
      bearer: true,
      refusals: [400, 403, 429],
      response: noContent,
    }),
  };
  const passwordOptions = { schema: passwordSchema, ...rateLimits.addressHook('password') };
  app.post('/auth/password', passwordOptions, async (request, reply) => {
    const { sub, sid } = await authenticate(request);
    await rateLimits.spend('password', sub, request, reply);
    const { current_password: currentPassword, new_password: newPassword } = request.body;
    const caller = { userId: sub, sessionId: sid };
    await flows.changePassword({ currentPassword, newPassword }, caller, originOf(request));
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
