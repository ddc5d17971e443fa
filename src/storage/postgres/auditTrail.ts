import type { AuditEvent, AuditTrail } from '../../audit/auditEvent.ts';
import { type AuditEventId, newId } from '../../core/ids.ts';
import type { PrismaConnection } from './transactions.ts';

export function createAuditTrail(prisma: PrismaConnection): AuditTrail {
  return {
    async record(event, now) {
      await prisma.auditEvent.create({ data: toRow(event, now) });
    },

    async recordAll(events, now) {
      if (events.length > 0)
        await prisma.auditEvent.createMany({ data: events.map((event) => toRow(event, now)) });
    },
  };
}

function toRow({ type, origin, userId, sessionId, reason }: AuditEvent, now: number) {
  return {
    id: newId<AuditEventId>(now),
    occurredAt: new Date(now),
    type,
    actor: origin.actor,
    userId: userId ?? null,
    sessionId: sessionId ?? null,
    reason: reason ?? null,
    requestId: origin.requestId ?? null,
    ip: origin.ip ?? null,
  };
}
