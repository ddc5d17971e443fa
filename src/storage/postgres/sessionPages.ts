/** Walking through many sessions in the order of their ids, without a statement that scans the whole table. */
import type { SessionId } from '@countersign/verifier/ids';
import type { SessionSelection, SessionStore } from '../../sessions/store.ts';
import { Prisma } from './generated/client.ts';
import { postgresLimits } from './limits.ts';
import { expiredAt, inRange, matchingByIndex, selected } from './sessionSelection.ts';
import type { PrismaConnection } from './transactions.ts';

type SessionPages = Pick<SessionStore, 'nextRange' | 'nextSelected'>;

export function createSessionPages(prisma: PrismaConnection): SessionPages {
  return {
    async nextRange(after, rows) {
      const [found] = await prisma.$queryRaw<{ id: string }[]>`
        SELECT s.id FROM sessions AS s WHERE ${inRange({ after, last: undefined })}
         ORDER BY s.id OFFSET ${rows - 1} LIMIT 1`;
      return { after, last: found?.id as SessionId | undefined };
    },

    async nextSelected(select, after, { rows, now }) {
      const open = { after, last: undefined };
      const selection = select(open);
      const scanned = postgresLimits.scannedSessions;
      // In the order of an index, so that it stops at the row that it looks for.
      const [found] = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM (
          SELECT id, count(*) FILTER (WHERE is_selected) OVER by_id AS found, row_number() OVER by_id AS looked_at FROM (
            SELECT s.id, ${selected(selection, expiredAt(now))} AS is_selected FROM sessions AS s
             WHERE ${inRange(open)} AND ${byIndex(selection)} ORDER BY s.id LIMIT ${scanned}) AS those
          WINDOW by_id AS (ORDER BY id ROWS UNBOUNDED PRECEDING)) AS counted
         WHERE found = ${rows} OR looked_at = ${scanned} LIMIT 1`;
      return { after, last: found?.id as SessionId | undefined };
    },
  };
}

function byIndex(selection: SessionSelection): Prisma.Sql {
  return 'matching' in selection ? matchingByIndex(selection.matching) : Prisma.sql`true`;
}
