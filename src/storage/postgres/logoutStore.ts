import type { CommitMark } from '@countersign/verifier/revocation/position';
import { revokedUntil } from '@countersign/verifier/revocation/revocation';
import type { LogoutStore } from '../../sessions/logoutStore.ts';
import { eventsOf, recording } from './auditTrail.ts';
import type { Statements } from './driverStatements.ts';
import { type EndedRow, ending, fromEndedRow } from './endingSessions.ts';
import { Prisma } from './generated/client.ts';
import { prepared } from './prepared.ts';
import { commitMark, revoking } from './revocationStore.ts';

/** One statement, and so one transaction: a session ends with its revocation and event, or not at all. */
export function createLogoutStore(statements: Statements): LogoutStore {
  return {
    async end(events, reason, now, { silent = false } = {}) {
      const selection = { sessionIds: events.map(({ sessionId }) => sessionId) };
      const revoked = Prisma.sql`
          SELECT uuid_send(id), ${reason}, access_expires_at + ${revokedUntil(0)}::int * interval '1 millisecond'
            FROM ended`;
      const ofEnded = Prisma.sql` JOIN ended ON ended.id = e.session_id AND ended.newly_ended`;
      const rows = await statements.$queryRaw<(EndedRow & CommitMark)[]>`${prepared('log_out')}
        WITH ${ending(selection, reason, now)},
        revoked AS (${revoking(revoked, now)}),
        told AS (${recording(eventsOf(silent ? [] : events, now), ofEnded, Prisma.sql`ended.user_id`)})
        SELECT ended.*, mark.* FROM ended, (SELECT ${commitMark}) AS mark`;
      return { ended: rows.map(fromEndedRow), mark: rows[0] && markOf(rows[0]) };
    },
  };
}

function markOf({ history, transaction }: CommitMark): CommitMark {
  return { history, transaction };
}
