/** Sessions over HTTP: refresh, logout in three forms, and the list of a user's own sessions. */

import { rfc3339 } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { FastifyRequest } from 'fastify';
import { pageTokenAfter, readPageToken } from '../platform/pageToken.ts';
import { parseUserAgent } from '../platform/userAgent.ts';
import type { HttpMount, MountRoutes } from '../transport/http/app.ts';
import { sentToken, sentTokenBeside } from '../transport/http/caller.ts';
import { noContent, operation, optionalBody } from '../transport/http/route.ts';
import { emptyBody } from '../transport/http/schemas.ts';
import { inCookieMode } from './csrf.ts';
import type { EndSession } from './endSession.ts';
import type { ListSessions } from './listSessions.ts';
import type { Logout } from './logout.ts';
import type { LogoutAll } from './logoutAll.ts';
import type { LogoutOthers } from './logoutOthers.ts';
import { namedBy } from './namedByToken.ts';
import type { Refresh } from './refresh.ts';
import {
  clearRefreshCookie,
  forgetBrowser,
  hasRefreshCookie,
  hasRefreshCookieOf,
  presentedRefreshToken,
} from './refreshCookie.ts';
import {
  logoutBody,
  refreshBody,
  type SessionsBody,
  sessionParams,
  sessionsQuery,
  sessionsResponse,
  tokenResponse,
} from './schemas.ts';
import { type Session, sessionExpiry } from './session.ts';
import { inBody, inCookie } from './tokenReply.ts';

interface SessionOperations {
  readonly refresh: Refresh;
  readonly logout: Logout;
  readonly logoutAll: LogoutAll;
  readonly logoutOthers: LogoutOthers;
  readonly listSessions: ListSessions;
  readonly endSession: EndSession;
}

export function sessionRoutes(operations: SessionOperations): readonly MountRoutes[] {
  return [
    refreshRoute(operations.refresh),
    logoutRoute(operations.logout),
    logoutAllRoutes(operations),
    listRoutes(operations),
  ];
}

function refreshRoute(refresh: Refresh): MountRoutes {
  const schema = {
    body: refreshBody,
    ...operation({
      summary: 'Exchange a refresh token for the next pair',
      cookie: true,
      refusals: [400, 401, 403, 429, 503],
      response: { 200: tokenResponse },
    }),
  };
  return (app, { rateLimits, provedKey }) => {
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
      const jkt = await provedKey(request);
      const tokens = await refresh({ refreshToken, deviceId, audience, jkt }, request.actor);
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

function logoutRoute(logout: Logout): MountRoutes {
  return (app, proving) => {
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
      config: { cookieMode: 'presented', endsWithEffect: true },
    } as const;
    // Not rate-limited: a refused logout leaves the user logged in.
    app.post('/auth/logout', logoutOptions, async (request, reply) => {
      const ended = logOut({ logout, ...proving }, request, request.body.refresh_token);
      await ended.catch((error) => {
        // A cookie that we did not issue is useless. After any other failure the next try needs it, such as one without the key.
        const useless =
          error instanceof AuthorityError && error.code === 'invalid_grant' && error.reason !== 'other_key';
        if (useless && hasRefreshCookie(request.headers)) clearRefreshCookie(reply);
        throw error;
      });
      if (inCookieMode(request)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}

/** Rate-limited: `logout-others` keeps its own session, so it could be called for ever. */
function logoutAllRoutes({ logoutAll, logoutOthers }: SessionOperations): MountRoutes {
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
    const options = {
      preValidation: optionalBody,
      config: { endsWithEffect: true },
      ...rateLimits.placeHook('sessions'),
    } as const;
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
async function logOut(
  {
    logout,
    provedKey,
    clientCertificate,
  }: Pick<HttpMount, 'provedKey' | 'clientCertificate'> & { readonly logout: Logout },
  request: FastifyRequest,
  ofBody: string | undefined,
): Promise<void> {
  const refreshToken = presentedRefreshToken(request, ofBody);
  const sent = refreshToken === undefined ? sentToken(request) : sentTokenBeside(request);
  const accessToken = sent?.token;
  if (refreshToken !== undefined || accessToken !== undefined) {
    const jkt = await provedKey(request, accessToken);
    const certificate = clientCertificate(request)?.thumbprint;
    return logout({ refreshToken, accessToken, jkt, certificate }, request.actor);
  }
  // A browser that is logged out already has neither.
  if (inCookieMode(request)) return;
  throw new AuthorityError('token_required', {
    detail: 'Send refresh_token in the body, the cookie of a browser, or a bearer token.',
  });
}

function listRoutes({ listSessions, endSession }: SessionOperations): MountRoutes {
  return (app, { authenticate, rateLimits }) => {
    const listSchema = {
      querystring: sessionsQuery,
      ...operation({
        summary: 'My live sessions, newest first',
        bearer: true,
        refusals: [400, 429],
        response: { 200: sessionsResponse },
      }),
    };
    const listOptions = { schema: listSchema, ...rateLimits.placeHook('reads') };
    app.get('/auth/sessions', listOptions, async (request): Promise<SessionsBody> => {
      const { sub, sid } = await authenticate(request);
      await rateLimits.spend('reads', sub, request);
      const { page_size: size, page_token: token } = request.query;
      const page = await listSessions(sub, {
        size: size === undefined ? undefined : Number(size),
        before: token === undefined ? undefined : readPageToken(token),
      });
      return {
        sessions: page.sessions.map((session) => toBody(session, sid)),
        ...(page.next === undefined ? {} : { next_page_token: pageTokenAfter(page.next) }),
      };
    });

    const endSchema = {
      params: sessionParams,
      ...operation({
        summary: 'End one of my sessions',
        bearer: true,
        refusals: [400, 404, 429],
        response: noContent,
      }),
    };
    const endOptions = {
      schema: endSchema,
      config: { endsWithEffect: true },
      ...rateLimits.placeHook('sessions'),
    } as const;
    app.delete('/auth/sessions/:id', endOptions, async (request, reply) => {
      const claims = await authenticate(request);
      const { sub, sid } = claims;
      await rateLimits.spend('sessions', sub, request);
      await endSession(request.params.id as SessionId, namedBy(claims), request.actor);
      if (request.params.id === sid && hasRefreshCookieOf(request.headers, sid)) forgetBrowser(reply);
      return reply.code(204).send(null);
    });
  };
}

function toBody(session: Session, current: SessionId): SessionsBody['sessions'][number] {
  return {
    id: session.id,
    device_name: session.deviceName ?? null,
    user_agent: session.userAgent ?? null,
    ...describeUserAgent(session.userAgent),
    ip: session.ip ?? null,
    created_at: rfc3339(session.createdAt),
    last_used_at: rfc3339(session.lastUsedAt),
    expires_at: rfc3339(sessionExpiry(session)),
    current: session.id === current,
    context_change: describeChange(session),
  };
}

function describeUserAgent(text: string | undefined) {
  const { browser, os, device } = parseUserAgent(text);
  return { browser: browser ?? null, os: os ?? null, device_type: device ?? null };
}

function describeChange({ contextSignals, contextScore, contextChangedAt }: Session) {
  if (contextChangedAt === undefined) return null;
  return { signals: [...contextSignals], score: contextScore, at: rfc3339(contextChangedAt) };
}
