/** SessionService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { EndSessionRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/EndSessionRequest';
import type { EndSessionResponse } from '@countersign/verifier/contract/generated/countersign/v1/EndSessionResponse';
import type { FindSessionsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/FindSessionsRequest';
import type { FindSessionsResponse } from '@countersign/verifier/contract/generated/countersign/v1/FindSessionsResponse';
import type { GetSessionRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/GetSessionRequest';
import type { GetSessionResponse } from '@countersign/verifier/contract/generated/countersign/v1/GetSessionResponse';
import type { ListSessionsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListSessionsRequest';
import type { ListSessionsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListSessionsResponse';
import type { Session as SessionMessage } from '@countersign/verifier/contract/generated/countersign/v1/Session';
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type SessionId, type UserId } from '@countersign/verifier/ids';
import { jtiCharacters, parseJti } from '@countersign/verifier/tokens/jti';
import { readOrder } from '../platform/listOrder.ts';
import { pageTokenAfter, readPageToken } from '../platform/pageToken.ts';
import { parseUserAgent } from '../platform/userAgent.ts';
import type { PreviewSessions } from '../revocation/previewSessions.ts';
import type { Revoke } from '../revocation/revoke.ts';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';
import { check, ends, type Methods, search } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import { filterText } from './filterMessage.ts';
import { sessionLimits } from './limits.ts';
import type { ListSessions, SessionPage } from './listSessions.ts';
import type { ShownSession } from './lookUp/facts.ts';
import type { GetSession, NamedSession } from './lookUp/getSession.ts';
import { sessionExpiry } from './session.ts';

export interface SessionServiceOperations {
  readonly getSession: GetSession;
  readonly listSessions: ListSessions;
  readonly revoke: Revoke;
  readonly findSessions: PreviewSessions['findSessions'];
}

export const sessionMethods = {
  GetSession: { permission: 'sessions.read', ...check },
  ListSessions: { permission: 'sessions.read', ...check },
  FindSessions: { permission: 'sessions.read', ...search },
  EndSession: { permission: 'sessions.end', ...ends },
} as const satisfies Methods;

export function sessionService(operations: SessionServiceOperations): GrpcService {
  return {
    methods: sessionMethods,
    mount({ v1, add, unary }) {
      const handlers = createSessionService(operations);
      add(v1.SessionService.service, {
        GetSession: unary('GetSession', handlers.GetSession),
        ListSessions: unary('ListSessions', handlers.ListSessions),
        FindSessions: unary('FindSessions', handlers.FindSessions),
        EndSession: unary('EndSession', handlers.EndSession),
      });
    },
  };
}

export function createSessionService({
  getSession,
  listSessions,
  revoke,
  findSessions,
}: SessionServiceOperations) {
  return {
    async FindSessions(request: FindSessionsRequest__Output): Promise<FindSessionsResponse> {
      const { way } = readOrder(request.orderBy, ['create_time'], { by: 'create_time', way: 'desc' });
      const page = { size: readPageSize(request.pageSize), way, after: readStart(request.pageToken) };
      return toPage(await findSessions(filterText(request.filter), page));
    },

    async GetSession(request: GetSessionRequest__Output): Promise<GetSessionResponse> {
      const { facts, readAt } = await getSession(readNamed(request));
      const { clientId, scope, roles, amr, acr, authTime } = facts;
      return {
        ...{ session: toMessage(facts), clientId, scope, acr, amr: [...amr] },
        ...{ roles: roles.map(({ role }) => role), authTimeMs: authTime, readTimeMs: readAt },
      };
    },

    async ListSessions(request: ListSessionsRequest__Output): Promise<ListSessionsResponse> {
      const { userId, pageSize, pageToken } = request;
      if (!isUuid(userId)) throw invalidField('user_id', 'format', 'must be a UUID in lower case');
      const page = { size: readPageSize(pageSize), before: readStart(pageToken) };
      return toPage(await listSessions(userId as UserId, page));
    },

    /** The audit log shows a revocation by a service, not a logout by the user. */
    async EndSession(request: EndSessionRequest__Output, caller: Caller): Promise<EndSessionResponse> {
      const { sessionId, requestId } = request;
      const { endedSessions, effect } = await revoke({ sessionId }, actorOf(caller, requestId), {
        requestId: requestId === '' ? undefined : requestId,
      });
      return { ended: endedSessions > 0, effectTimeMs: effect?.effectAt ?? 0 };
    },
  };
}

function readStart(token: string): SessionId | undefined {
  return token === '' ? undefined : readPageToken(token);
}

function toPage({ sessions, next }: SessionPage): ListSessionsResponse {
  return {
    sessions: sessions.map(toMessage),
    nextPageToken: next === undefined ? '' : pageTokenAfter(next),
  };
}

function readNamed({ sessionId, jti }: GetSessionRequest__Output): NamedSession {
  if (jti === '') {
    if (isUuid(sessionId)) return { sessionId: sessionId as SessionId };
    throw invalidField('session_id', 'format', 'must be a UUID in lower case');
  }
  if (sessionId !== '') throw invalidField('jti', 'exclusive', 'must not be set together with session_id');
  const parsed = parseJti(jti);
  if (parsed !== undefined) return { jti: parsed };
  throw invalidField('jti', 'format', `must be ${jtiCharacters} characters of base64url, as in our tokens`);
}

function readPageSize(size: number): number {
  if (size === 0) return sessionLimits.sessionsPageDefault;
  if (size > 0 && size <= sessionLimits.sessionsPageMaximum) return size;
  throw invalidField('page_size', 'range', `must be 1 to ${sessionLimits.sessionsPageMaximum}, or 0`);
}

function toMessage(session: ShownSession): SessionMessage {
  const { browser, os, device } = parseUserAgent(session.userAgent);
  return {
    sessionId: session.id,
    userId: session.userId ?? '',
    deviceName: session.deviceName ?? '',
    userAgent: session.userAgent ?? '',
    ip: session.ip ?? '',
    createTimeMs: session.createdAt,
    lastUsedTimeMs: session.lastUsedAt,
    expireTimeMs: sessionExpiry(session),
    browser: browser ?? '',
    os: os ?? '',
    deviceType: device ?? '',
    contextSignals: [...session.contextSignals],
    contextScore: session.contextScore,
    contextChangeTimeMs: session.contextChangedAt ?? 0,
    clientId: session.clientId,
    acr: session.acr,
  };
}
