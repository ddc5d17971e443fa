import type { Email } from '../../authn/email.ts';
import type { User, UserStore } from '../../authn/user.ts';
import type { UserId } from '../../core/ids.ts';
import { canaryUserId } from '../../truth/canary.ts';
import type { User as UserRow } from './generated/client.ts';
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

    async findByEmail(email) {
      return fromRow(await prisma.user.findUnique({ where: { email } }));
    },

    async lock(id) {
      await prisma.$queryRaw`SELECT 1 FROM users WHERE id = ${id}::uuid FOR UPDATE`;
      return fromRow(await prisma.user.findUnique({ where: { id } }));
    },

    async bumpTokenVersion(id) {
      const row = await prisma.user.update({ where: { id }, data: { tokenVersion: { increment: 1 } } });
      return row.tokenVersion;
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
      // No e-mail and no hash look like these.
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
