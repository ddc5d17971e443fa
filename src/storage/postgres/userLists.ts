/** Reading many users. */
import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { UserStore } from '../../accounts/user.ts';
import { canaryUserId } from '../../truth/canary.ts';
import { pageAfter } from './pageAfter.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUserLists(prisma: PrismaConnection): Pick<UserStore, 'list' | 'emails'> {
  return {
    async list({ limit, after, contains = '', order = { by: 'create_time', way: 'asc' } }) {
      const rows = await prisma.user.findMany({
        where: {
          id: { not: canaryUserId },
          deletedAt: null,
          ...(contains === '' ? {} : { email: { contains: literally(contains) } }),
        },
        // Ids begin with the time of registration.
        orderBy: order.by === 'email' ? { email: order.way } : { id: order.way },
        ...pageAfter(after),
        take: limit,
      });
      return rows.map((row) => ({
        ...{ id: row.id as UserId, email: row.email as Email, createdAt: row.createdAt.getTime() },
        state: row.disabledAt === null ? 'active' : 'disabled',
        emailVerified: row.emailVerifiedAt !== null,
      }));
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

/** The library's `contains` is LIKE, which has wildcards. */
function literally(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
