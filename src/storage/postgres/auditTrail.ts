import type { AuditEventId } from '@countersign/verifier/ids';
import { type AuditEvent, type AuditTrail, detailOf, detailText } from '../../audit/auditEvent.ts';
import { newId } from '../../platform/newId.ts';
import { Prisma } from './generated/client.ts';
import { prepared } from './prepared.ts';
import type { PrismaConnection } from './transactions.ts';

export function createAuditTrail(prisma: PrismaConnection): AuditTrail {
  const recordAll: AuditTrail['recordAll'] = async (events, now) => {
    if (events.length === 0) return;
    await prisma.$executeRaw`${prepared('record_events')} ${recording(eventsOf(events, now))}`;
  };
  return { recordAll, record: (event, now) => recordAll([event], now) };
}

/** One parameter for any number of events. */
export function eventsOf(events: readonly AuditEvent[], now: number): string {
  return `[${events.map((event) => toJson(event, now)).join()}]`;
}

/**
 * `beside`: records the events once per joined row; `userId` may be its column. The origin is read once, because it costs some
 * microseconds.
 */
export function recording(events: string, beside = Prisma.empty, userId = Prisma.sql`e.user_id`): Prisma.Sql {
  return Prisma.sql`
      INSERT INTO audit_events (id, occurred_at, type, actor, user_id, session_id, reason, request_id, ip, detail, origin)
      SELECT e.id, e.occurred_at, e.type, e.actor, ${userId}, e.session_id, e.reason, e.request_id, e.ip, e.detail,
             (SELECT audit_origin())
        FROM json_to_recordset(${events}::json) AS e (id uuid, occurred_at timestamptz, type text, actor text,
             user_id uuid, session_id uuid, reason text, request_id text, ip text, detail json)${beside}`;
}

function toJson(event: AuditEvent, now: number): string {
  const { type, actor, userId, sessionId, reason } = event;
  const detail = detailOf(event);
  const row = JSON.stringify({
    id: newId<AuditEventId>(now),
    occurred_at: new Date(now),
    type,
    actor: actor.name,
    user_id: userId,
    session_id: sessionId,
    reason,
    request_id: actor.requestId,
    ip: actor.ip,
  });
  // Inserted unchanged: the column keeps the text, and the text is hashed.
  return detail === undefined ? row : `${row.slice(0, -1)},"detail":${detailText(detail)}}`;
}
