import { rfc3339 } from '@countersign/verifier/clock';
import type { SessionId } from '@countersign/verifier/ids';
import { parseUserAgent } from '../platform/userAgent.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { noContent, operation } from '../transport/http/route.ts';
import type { EndSession } from './endSession.ts';
import type { ListSessions } from './listSessions.ts';
import { namedBy } from './namedByToken.ts';
import { pageTokenAfter, readPageToken } from './pageToken.ts';
import { forgetBrowser, hasRefreshCookieOf } from './refreshCookie.ts';
import { type SessionsBody, sessionParams, sessionsQuery, sessionsResponse } from './schemas.ts';
import { type Session, sessionExpiry } from './session.ts';

interface SessionOperations {
  readonly listSessions: ListSessions;
  readonly endSession: EndSession;
}

export function sessionRoutes({ listSessions, endSession }: SessionOperations): MountRoutes {
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
    const endOptions = { schema: endSchema, ...rateLimits.placeHook('sessions') };
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
