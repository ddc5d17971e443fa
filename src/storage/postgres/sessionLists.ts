/** Reading many sessions. */
import type { SessionId } from '@countersign/verifier/ids';
import type { SessionStore } from '../../sessions/store.ts';
import { Prisma, type Session as SessionRow } from './generated/client.ts';
import { fromRow } from './sessionRow.ts';
import { expiredAt, live, matching, noCanary } from './sessionSelection.ts';
import type { PrismaConnection } from './transactions.ts';

type Lists = Pick<SessionStore, 'userAgents' | 'list' | 'recentClients' | 'search' | 'preview'>;

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

    async search(filter, { now, limit, way, after }) {
      const [beyond, direction] =
        way === 'asc' ? [Prisma.sql`>`, Prisma.sql`ASC`] : [Prisma.sql`<`, Prisma.sql`DESC`];
      const start = after === undefined ? Prisma.sql`true` : Prisma.sql`s.id ${beyond} ${after}::uuid`;
      const ids = await prisma.$queryRaw<{ id: string }[]>`
        SELECT s.id FROM sessions AS s
         WHERE ${start} AND ${matching(filter)} AND ${live(expiredAt(now))} AND ${noCanary} AND s.user_id IS NOT NULL
         ORDER BY s.id ${direction} LIMIT ${limit}`;
      if (ids.length === 0) return [];
      const rows = await prisma.session.findMany({
        where: { id: { in: ids.map(({ id }) => id) } },
        orderBy: { id: way },
      });
      return rows.map(fromRow);
    },

    async preview(filter, now, { parts, sessions: most }) {
      const rows = await prisma.$queryRaw<PreviewRow[]>`
        WITH those AS MATERIALIZED (
          SELECT s.user_id, s.client_id, ${networkOf} AS network, ${ageAt(now)} AS age FROM sessions AS s
           WHERE ${matching(filter)} AND ${live(expiredAt(now))} AND ${noCanary} LIMIT ${most + 1}),
        kept AS MATERIALIZED (SELECT * FROM those LIMIT ${most}),
        counted AS MATERIALIZED (
          SELECT client_id, network, age, count(*) AS sessions FROM kept GROUP BY client_id, network, age)
        SELECT 'all' AS part, '' AS name, coalesce(sum(sessions), 0)::int AS sessions,
               (SELECT count(*)::int FROM (SELECT DISTINCT user_id FROM kept WHERE user_id IS NOT NULL) AS u) AS users,
               (SELECT count(*) FROM those) > ${most} AS more
          FROM counted
        UNION ALL
        (SELECT 'client', client_id, sum(sessions)::int, 0, false FROM counted GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT ${parts})
        UNION ALL
        (SELECT 'network', network, sum(sessions)::int, 0, false FROM counted GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT ${parts})
        UNION ALL
        (SELECT 'age', age, sum(sessions)::int, 0, false FROM counted GROUP BY 2 ORDER BY 3 DESC, 2)`;
      const of = (part: string) =>
        rows.flatMap((row) => (row.part === part ? [{ name: row.name, sessions: row.sessions }] : []));
      const all = rows.find(({ part }) => part === 'all');
      return {
        ...{ sessions: all?.sessions ?? 0, users: all?.users ?? 0, more: all?.more ?? false },
        ...{ byClient: of('client'), byNetwork: of('network'), byAge: of('age') },
      };
    },

    async recentClients(userId, limit) {
      const rows = await prisma.$queryRaw<Pick<SessionRow, 'userAgent' | 'ip' | 'deviceId' | 'otherIp'>[]>`
        SELECT user_agent AS "userAgent", ip, device_id AS "deviceId", other_ip AS "otherIp" FROM sessions
         WHERE user_id = ${userId}::uuid ORDER BY id DESC LIMIT ${limit}`;
      return rows.map(({ userAgent, ip, deviceId, otherIp }) => ({
        ...{ userAgent: userAgent ?? undefined, ip: ip ?? undefined, deviceId: deviceId ?? undefined },
        otherIp: otherIp ?? undefined,
      }));
    },
  };
}

interface PreviewRow {
  readonly part: string;
  readonly name: string;
  readonly sessions: number;
  readonly users: number;
  readonly more: boolean;
}

/** As rate limits have networks: /24 of IPv4, /48 of IPv6. Cutting text takes a tenth of the time of reading an address. */
const networkOf = Prisma.sql`coalesce(
  CASE WHEN s.ip LIKE '%:%' THEN network(set_masklen(s.ip::inet, 48))::text
       ELSE rtrim(s.ip, '0123456789') || '0/24' END, '')`;

function ageAt(now: number): Prisma.Sql {
  const isWithin = (hours: number) => Prisma.sql`s.created_at > ${new Date(now - hours * 3_600_000)}`;
  return Prisma.sql`CASE WHEN ${isWithin(1)} THEN 'hour' WHEN ${isWithin(24)} THEN 'day'
    WHEN ${isWithin(7 * 24)} THEN 'week' WHEN ${isWithin(30 * 24)} THEN 'month' ELSE 'older' END`;
}
