/** Ending sessions in SQL: one statement, embedded by others. */
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { EndReason } from '../../sessions/session.ts';
import type { EndedSession, SessionSelection } from '../../sessions/store.ts';
import { Prisma } from './generated/client.ts';
import { expiredAt, live, notSpared, selected } from './sessionSelection.ts';

export interface EndedRow {
  readonly id: string;
  readonly user_id: string | null;
  readonly has_started: boolean;
  readonly client_is_told: boolean;
  readonly access_expires_at: Date;
  readonly newly_ended: boolean;
}

/** Written here, since no way to end a session may forget it (OpenID Connect Back-Channel Logout). */
const clientIsTold = Prisma.sql`(length(s.client_id) = 36 AND EXISTS (
                    SELECT 1 FROM services AS c WHERE c.id::text = s.client_id AND c.backchannel_logout_uri IS NOT NULL))`;

/**
 * The parts `target, updated, ended` of a WITH: ends the selected sessions. `ended` has a row for each that was live or whose
 * access tokens may be live at `now`.
 */
export function ending(selection: SessionSelection, reason: EndReason, now: number): Prisma.Sql {
  const expired = expiredAt(now);
  // Locks in one order, so that two statements for the same sessions cannot deadlock. Locks before judging: a refresh that wins
  // the race is seen with the expiry it wrote. Expired sessions end too, because clocks may be set back, but without an event.
  return Prisma.sql`target AS (
          SELECT s.id, ${live(expired)} AS live FROM sessions AS s
           WHERE ${selected(selection, expired)} ORDER BY s.id FOR UPDATE),
        updated AS (
        UPDATE sessions AS s
           SET ended_at = COALESCE(s.ended_at, ${new Date(now)}), end_reason = COALESCE(s.end_reason, ${reason})
          FROM target WHERE s.id = target.id AND ${notSpared(selection)}
        RETURNING s.id, s.user_id, s.client_id, s.has_started, s.access_expires_at, target.live AS newly_ended,
                  target.live AND ${clientIsTold} AS client_is_told),
        told_clients AS (
        INSERT INTO outbox (id, channel, template, sealed_message, created_at, due_at)
        SELECT gen_random_uuid(), 'client', 'logout', convert_to(json_build_object(
                 'clientId', client_id, 'userId', user_id, 'sessionId', id)::text, 'UTF8'), ${new Date(now)}, ${new Date(now)}
          FROM updated WHERE client_is_told),
        ended AS (SELECT * FROM updated WHERE newly_ended OR access_expires_at > ${expired})`;
}

export function fromEndedRow(row: EndedRow): EndedSession {
  return {
    id: row.id as SessionId,
    userId: (row.user_id ?? undefined) as UserId | undefined,
    hasStarted: row.has_started,
    clientIsTold: row.client_is_told,
    accessExpiresAt: row.access_expires_at.getTime(),
    newlyEnded: row.newly_ended,
  };
}
