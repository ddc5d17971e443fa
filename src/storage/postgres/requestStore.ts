import type { RequestStore } from '../../revocation/idempotency.ts';
import { beforeEither } from './earlierClock.ts';
import type { PrismaConnection } from './transactions.ts';

interface RequestRow {
  readonly targetHash: Uint8Array;
  readonly openedAt: Date;
  readonly endedSessions: number;
  readonly isNew: boolean;
  readonly finished: boolean;
}

export function createRequestStore(prisma: PrismaConnection): RequestStore {
  return {
    async open({ caller, id, targetHash }, now, keptMs) {
      await prisma.$executeRaw`
        DELETE FROM requests
         WHERE caller = ${caller} AND id = ${id} AND opened_at < ${beforeEither(now, keptMs)}`;
      // Rewrites an existing row to lock it: a repetition waits for the first request. Only an inserted row has no locking
      // transaction.
      const [row] = await prisma.$queryRaw<RequestRow[]>`
        INSERT INTO requests AS r (caller, id, target_hash, opened_at)
        VALUES (${caller}, ${id}, ${Buffer.from(targetHash)}, ${new Date(now)})
            ON CONFLICT (caller, id) DO UPDATE SET finished = r.finished
        RETURNING target_hash AS "targetHash", opened_at AS "openedAt", ended_sessions AS "endedSessions",
                  xmax = 0 AS "isNew", finished`;
      const { openedAt, ...found } = row as RequestRow;
      return { ...found, openedAt: openedAt.getTime() };
    },

    async isKept({ caller, id, targetHash }, now, keptMs) {
      const rows = await prisma.$queryRaw<unknown[]>`
        SELECT 1 FROM requests
         WHERE caller = ${caller} AND id = ${id} AND target_hash = ${Buffer.from(targetHash)}
           AND NOT opened_at < ${beforeEither(now, keptMs)}`;
      return rows.length > 0;
    },

    async find({ caller, id }) {
      const row = await prisma.namedRequest.findUnique({ where: { caller_id: { caller, id } } });
      if (row === null) return undefined;
      const { openedAt, endedSessions, finished } = row;
      return { openedAt: openedAt.getTime(), endedSessions, finished };
    },

    async note({ caller, id }, endedSessions, finished) {
      const row = await prisma.namedRequest.update({
        where: { caller_id: { caller, id } },
        data: { endedSessions: { increment: endedSessions }, ...(finished ? { finished } : {}) },
      });
      return row.endedSessions;
    },

    prune(keptMs, now, limit) {
      // By physical position, because the rows are locked: with a join, a planner may scan the table.
      return prisma.$executeRaw`
        DELETE FROM requests WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM requests WHERE opened_at < ${beforeEither(now, keptMs)}
           ORDER BY opened_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
    },
  };
}
