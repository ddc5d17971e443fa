/** Lists audit events, in pages by key. */

import { invalidField } from '@countersign/verifier/errors';
import { type AuditEventId, isUuid, type SessionId, type UserId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { parseUserAgent } from '../platform/userAgent.ts';
import { type Actor, type AuditEventType, auditEventTypes, type RecordedEvent } from './auditEvent.ts';
import { auditLimits } from './limits.ts';
import { type ReadingParts, recordReading } from './recordReading.ts';

/** Unset fields match everything. */
export interface AuditQuery {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly type?: string | undefined;
  /** The caller's name for the request that caused it. */
  readonly requestId?: string | undefined;
  /** `since` inclusive, `until` exclusive; milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly limit?: number | undefined;
  /** The last event of the previous page. */
  readonly after?: string | undefined;
  /** Newest first by default. */
  readonly way?: 'asc' | 'desc';
}

/** An event with current data about its user and session. That data is not in the log and is deleted with user and session. */
export interface ListedEvent extends RecordedEvent {
  readonly email: string | undefined;
  /** The session's latest browser and system. */
  readonly program: string | undefined;
}

/** Recorded when somebody reads about one user or session. Throws `invalid_request` naming the field. */
export type ListAudit = (query: AuditQuery, reader?: Actor) => Promise<readonly ListedEvent[]>;

type ListParts = ReadingParts & { readonly database: Pick<Database, 'auditLog' | 'users' | 'sessions'> };

export function createListAudit(parts: ListParts): ListAudit {
  const { database } = parts;
  return async ({ userId, sessionId, type, requestId, ...query }, reader) => {
    const { since, until, limit = auditLimits.auditListDefault, after, way } = query;
    const filter = {
      userId: readUuid<UserId>('user', userId),
      sessionId: readUuid<SessionId>('session', sessionId),
      type: readType(type),
      ...{ requestId, since, until },
    };
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > auditLimits.auditListMaximum)
      throw invalidField('limit', 'range', `must be a number from 1 to ${auditLimits.auditListMaximum}`);
    const events = await database.auditLog.list(filter, readUuid<AuditEventId>('after', after), limit, way);
    const about = { userId: filter.userId, sessionId: filter.sessionId };
    if ((about.userId ?? about.sessionId) !== undefined)
      await recordReading(parts, reader, { view: 'events', ...about });
    return describe(database, events);
  };
}

async function describe(
  { users, sessions }: ListParts['database'],
  events: readonly RecordedEvent[],
): Promise<readonly ListedEvent[]> {
  const userIds = new Set(events.flatMap(({ userId }) => (userId === undefined ? [] : [userId as UserId])));
  const sessionIds = new Set(
    events.flatMap(({ sessionId }) => (sessionId === undefined ? [] : [sessionId as SessionId])),
  );
  const emails = await users.emails([...userIds]);
  const userAgents = await sessions.userAgents([...sessionIds]);
  return events.map((event) => ({
    ...event,
    email: emails.get(event.userId as UserId),
    program: programOf(userAgents.get(event.sessionId as SessionId)),
  }));
}

function programOf(userAgent: string | undefined): string | undefined {
  const { browser, os } = parseUserAgent(userAgent);
  return browser === undefined || os === undefined ? (browser ?? os) : `${browser}, ${os}`;
}

function readUuid<Id extends string>(field: string, text: string | undefined): Id | undefined {
  if (text !== undefined && !isUuid(text))
    throw invalidField(field, 'format', 'must be a UUID in lower case');
  return text as Id | undefined;
}

function readType(text: string | undefined): AuditEventType | undefined {
  const type = auditEventTypes.find((each) => each === text);
  if (text !== undefined && type === undefined)
    throw invalidField('type', 'known', `must be one of ${auditEventTypes.join(', ')}`);
  return type;
}
