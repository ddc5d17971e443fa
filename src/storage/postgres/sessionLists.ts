/** Reading many sessions. */
import type { SessionId } from '@countersign/verifier/ids';
import type { SessionStore } from '../../sessions/store.ts';
import { Prisma, type Session as SessionRow } from './generated/client.ts';
import { fromRow } from './sessionRow.ts';
import type { PrismaConnection } from './transactions.ts';

type Lists = Pick<SessionStore, 'userAgents' | 'list' | 'recentClients'>;

export function createSessionLists(prisma: PrismaConnection): Lists {
  return {
    async userAgents(ids) {
      const rows = await prisma.session.findMany({
        where: { id: { in: [...ids] }, userAgent: { not: null } },
        select: { id: true, userAgent: true },
      });
      return new Map(rows.map(({ id, userAgent }) => [id as SessionId, userAgent ?? '']));
    },

    async list(userId, { now, limit, before }) {
      const at = new Date(now);
      const start = before === undefined ? Prisma.sql`true` : Prisma.sql`id < ${before}::uuid`;
      // NULLS LAST forces the index of a user's live sessions: the planner would otherwise scan the primary key backwards through
      // all sessions.
      const ids = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM sessions
         WHERE user_id = ${userId}::uuid AND ended_at IS NULL AND idle_expires_at > ${at} AND expires_at > ${at} AND ${start}
         ORDER BY id DESC NULLS LAST LIMIT ${limit}`;
      if (ids.length === 0) return [];
      const rows = await prisma.session.findMany({
        where: { id: { in: ids.map(({ id }) => id) } },
        orderBy: { id: 'desc' },
      });
      return rows.map(fromRow);
    },

    async recentClients(userId, limit) {
      const rows = await prisma.$queryRaw<Pick<SessionRow, 'userAgent' | 'ip' | 'deviceId'>[]>`
        SELECT user_agent AS "userAgent", ip, device_id AS "deviceId" FROM sessions
         WHERE user_id = ${userId}::uuid ORDER BY id DESC LIMIT ${limit}`;
      return rows.map(({ userAgent, ip, deviceId }) => ({
        ...{ userAgent: userAgent ?? undefined, ip: ip ?? undefined, deviceId: deviceId ?? undefined },
      }));
    },
  };
}
