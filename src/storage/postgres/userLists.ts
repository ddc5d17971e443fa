/** Reading many users. */
import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { UserRow as ListedUser, UserStore } from '../../accounts/user.ts';
import { canaryUserId } from '../../truth/canary.ts';
import type { User as UserRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUserLists(prisma: PrismaConnection): Pick<UserStore, 'list' | 'show' | 'emails'> {
  return {
    async list({ limit, before }) {
      const rows = await prisma.user.findMany({
        where: {
          id: { not: canaryUserId, ...(before === undefined ? {} : { lt: before }) },
          deletedAt: null,
        },
        orderBy: { id: 'desc' },
        take: limit,
      });
      return rows.map(listed);
    },

    async show(id) {
      const row = await prisma.user.findUnique({ where: { id, deletedAt: null } });
      return row === null ? undefined : listed(row);
    },

    async emails(ids) {
      const rows = await prisma.user.findMany({
        where: { id: { in: [...ids] }, deletedAt: null },
        select: { id: true, email: true },
      });
      return new Map(rows.map(({ id, email }) => [id as UserId, email as Email]));
    },
  };
}

function listed(row: UserRow): ListedUser {
  return {
    id: row.id as UserId,
    email: row.email as Email,
    createdAt: row.createdAt.getTime(),
    emailVerifiedAt: row.emailVerifiedAt?.getTime(),
    passwordChangedAt: row.passwordChangedAt.getTime(),
    disabledAt: row.disabledAt?.getTime(),
  };
}
