/** A user's own sessions. */
import { rfc3339 } from '../../core/clock.ts';
import { decodeBase64url, encodeBase64url } from '../../core/encoding.ts';
import { invalidField } from '../../core/errors.ts';
import { type SessionId, uuidBytes, uuidFromBytes } from '../../core/ids.ts';
import { type Session, sessionExpiry } from '../../sessions/session.ts';
import type { HttpApp, HttpParts } from '../app.ts';
import { type Authenticate, originOf } from '../caller.ts';
import { type SessionsBody, sessionParams, sessionsQuery, sessionsResponse } from '../schemas.ts';
import { describe, noContent } from './route.ts';

export function sessionRoutes(app: HttpApp, { flows }: HttpParts, authenticate: Authenticate): void {
  app.get(
    '/auth/sessions',
    {
      schema: {
        ...describe('My sessions that are alive, newest first.', 400, 401),
        querystring: sessionsQuery,
        response: { 200: sessionsResponse },
      },
    },
    async (request): Promise<SessionsBody> => {
      const { sub, sid } = await authenticate(request);
      const { page_size: size, page_token: token } = request.query;
      const page = await flows.listSessions(sub, {
        size: size === undefined ? undefined : Number(size),
        before: token === undefined ? undefined : readPageToken(token),
      });
      return {
        sessions: page.sessions.map((session) => toBody(session, sid)),
        ...(page.next === undefined ? {} : { next_page_token: encodeBase64url(uuidBytes(page.next)) }),
      };
    },
  );

  app.delete(
    '/auth/sessions/:id',
    {
      schema: {
        ...describe('End one of my sessions. In effect when answered.', 400, 401, 404),
        params: sessionParams,
        response: noContent,
      },
    },
    async (request, reply) => {
      const { sub } = await authenticate(request);
      await flows.endSession(request.params.id as SessionId, sub, originOf(request));
      return reply.code(204).send(null);
    },
  );
}

function toBody(session: Session, current: SessionId): SessionsBody['sessions'][number] {
  return {
    id: session.id,
    device_name: session.deviceName ?? null,
    user_agent: session.userAgent ?? null,
    ip: session.ip ?? null,
    created_at: rfc3339(session.createdAt),
    last_used_at: rfc3339(session.lastUsedAt),
    expires_at: rfc3339(sessionExpiry(session)),
    current: session.id === current,
  };
}

function readPageToken(token: string): SessionId {
  const bytes = decodeBase64url(token);
  if (bytes?.length !== 16) throw invalidField('page_token', 'format', 'is not a token of an earlier page');
  return uuidFromBytes(bytes) as SessionId;
}
