/** Reading many users. */
import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { UserStore } from '../../accounts/user.ts';
import { canaryUserId } from '../../truth/canary.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUserLists(prisma: PrismaConnection): Pick<UserStore, 'list' | 'emails'> {
  return {
    async list({ limit, after, contains = '', order = { by: 'create_time', way: 'asc' } }) {
      // Ids begin with the time of registration.
      const key = order.by === 'email' ? 'email' : 'id';
      // By value: a cursor of the library reads it from the row, which may be deleted or have another e-mail by now.
      const beyond = after === undefined ? [] : [{ [key]: { [order.way === 'asc' ? 'gt' : 'lt']: after } }];
      const those = contains === '' ? [] : [{ email: { contains: literally(contains) } }];
      const rows = await prisma.user.findMany({
        where: { AND: [{ id: { not: canaryUserId }, deletedAt: null }, ...beyond, ...those] },
        orderBy: { [key]: order.way },
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
