import type { AuditTrail } from '../../audit/auditEvent.ts';
import { type AuditEventId, newId } from '../../core/ids.ts';
import type { PrismaConnection } from './transactions.ts';

export function createAuditTrail(prisma: PrismaConnection): AuditTrail {
  return {
    async record({ type, origin, userId, sessionId, reason }, now) {
      await prisma.auditEvent.create({
        data: {
          id: newId<AuditEventId>(now),
          occurredAt: new Date(now),
          type,
          actor: origin.actor,
          userId: userId ?? null,
          sessionId: sessionId ?? null,
          reason: reason ?? null,
          requestId: origin.requestId ?? null,
          ip: origin.ip ?? null,
        },
      });
    },
  };
}
