import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { User, UserStore } from '../../accounts/user.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { Prisma, type User as UserRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUserStore(prisma: PrismaConnection): UserStore {
  return {
    async create({ id, email, passwordHash }, now) {
      const at = new Date(now);
      const { count } = await prisma.user.createMany({
        data: [{ id, email, passwordHash, createdAt: at, passwordChangedAt: at }],
        skipDuplicates: true,
      });
      return count === 1 ? 'created' : 'email_taken';
    },

    async find(id) {
      if (id === canaryUserId) return undefined;
      return fromRow(await prisma.user.findUnique({ where: { id, deletedAt: null } }));
    },

    async any() {
      const where = { id: { not: canaryUserId }, deletedAt: null };
      return (await prisma.user.findFirst({ where, select: { id: true } })) !== null;
    },

    async findByEmail(email) {
      return fromRow(await prisma.user.findUnique({ where: { email } }));
    },

    async list(after, limit) {
      const rows = await prisma.user.findMany({
        where: { id: { not: canaryUserId, ...(after === undefined ? {} : { gt: after }) }, deletedAt: null },
        orderBy: { id: 'asc' },
        take: limit,
      });
      return rows.map((row) => ({
        ...{ id: row.id as UserId, email: row.email as Email, createdAt: row.createdAt.getTime() },
        state: row.disabledAt === null ? 'active' : 'disabled',
      }));
    },

    async emails(ids) {
      const rows = await prisma.user.findMany({
        where: { id: { in: [...ids] }, deletedAt: null },
        select: { id: true, email: true },
      });
      return new Map(rows.map(({ id, email }) => [id as UserId, email as Email]));
    },

    async lock(id) {
      await prisma.$queryRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR UPDATE`;
      return fromRow(await prisma.user.findUnique({ where: { id } }));
    },

    async bumpTokenVersion(id) {
      const row = await prisma.user.update({ where: { id }, data: { tokenVersion: { increment: 1 } } });
      return row.tokenVersion;
    },

    async bumpTokenVersions(begunBefore, after, rows) {
      const start = after === undefined ? Prisma.sql`true` : Prisma.sql`id > ${after}::uuid`;
      const [page] = await prisma.$queryRaw<{ last: string | null; users: number }[]>`
        WITH page AS MATERIALIZED (SELECT id FROM users WHERE ${start} ORDER BY id LIMIT ${rows}),
        due AS (
          SELECT u.id FROM users AS u
           WHERE u.id IN (SELECT id FROM page) AND u.id <> ${canaryUserId}::uuid AND EXISTS (
             SELECT 1 FROM sessions AS s
              WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.created_at < ${new Date(begunBefore)})
           ORDER BY u.id FOR UPDATE),
        bumped AS (UPDATE users SET token_version = token_version + 1 WHERE id IN (SELECT id FROM due))
        SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*)::int FROM page) AS users`;
      return page?.users === rows ? (page.last as UserId) : undefined;
    },

    async setPassword(id, passwordHash, now) {
      await prisma.user.update({ where: { id }, data: { passwordHash, passwordChangedAt: new Date(now) } });
    },

    async replaceHash(id, passwordHash) {
      await prisma.user.update({ where: { id }, data: { passwordHash } });
    },

    async disable(id, now) {
      await prisma.user.update({ where: { id }, data: { disabledAt: new Date(now) } });
    },

    async enable(id) {
      await prisma.user.updateMany({ where: { id, deletedAt: null }, data: { disabledAt: null } });
    },

    async wasDeleted(id) {
      return (await prisma.user.count({ where: { id, deletedAt: { not: null } } })) === 1;
    },

    async delete(id, now) {
      const at = new Date(now);
      // No real e-mail or hash looks like these.
      const { count } = await prisma.user.updateMany({
        where: { id, deletedAt: null },
        data: { email: `deleted:${id}`, passwordHash: '', disabledAt: at, deletedAt: at },
      });
      return count === 1;
    },
  };
}

function fromRow(row: UserRow | null): User | undefined {
  if (row === null) return undefined;
  return {
    id: row.id as UserId,
    email: row.email as Email,
    passwordHash: row.passwordHash,
    tokenVersion: row.tokenVersion,
    disabledAt: row.disabledAt?.getTime(),
  };
}
