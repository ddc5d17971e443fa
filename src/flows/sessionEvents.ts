import type { AuditEvent, Origin } from '../audit/auditEvent.ts';
import type { EndReason } from '../sessions/session.ts';
import type { EndedSession } from '../sessions/sessionStore.ts';

/** One event for each session that ended, beside the event of what ended them all: which sessions is a question, too. */
export function sessionsEnded(
  ended: readonly EndedSession[],
  reason: EndReason,
  origin: Origin,
): readonly AuditEvent[] {
  return ended.map(({ id: sessionId, userId }) => ({
    type: 'session_ended',
    origin,
    userId,
    sessionId,
    reason,
  }));
}
