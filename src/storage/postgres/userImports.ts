/** Many users at once, from a file. */
import type { UserId } from '@countersign/verifier/ids';
import type { Email } from '../../accounts/email.ts';
import type { ImportStore, UserToImport } from '../../accounts/importing/importedUser.ts';
import type { Phone } from '../../accounts/phone/phoneNumber.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUserImports(prisma: PrismaConnection): ImportStore {
  return {
    async findExisting(users) {
      const rows = await prisma.user.findMany({
        where: {
          OR: [
            { email: { in: users.map(({ email }) => email) } },
            { id: { in: users.map(({ id }) => id) } },
            { phone: { in: users.flatMap(({ phone }) => phone ?? []) } },
            { importedRow: { in: users.map(({ importedRow }) => Buffer.from(importedRow)) } },
          ],
        },
        select: { id: true, email: true, phone: true, importedRow: true, deletedAt: true },
      });
      return rows.map((row) => ({
        id: row.id as UserId,
        email: row.email as Email,
        phone: (row.phone ?? undefined) as Phone | undefined,
        importedRow: row.importedRow ?? undefined,
        deleted: row.deletedAt !== null,
      }));
    },

    async createImported(users, now) {
      const rows = await prisma.user.createManyAndReturn({
        data: users.map((user) => toRow(user, now)),
        skipDuplicates: true,
        select: { id: true },
      });
      return new Set(rows.map(({ id }) => id as UserId));
    },
  };
}

function toRow(user: UserToImport, now: number) {
  const { id, email, passwordHash, importedRow, phone, phoneId, locale } = user;
  const at = new Date(user.createdAt ?? now);
  const withPhone = { phone: phone ?? null, phoneId, phoneVerifiedAt: at };
  return {
    ...{ id, email, passwordHash, importedRow: Buffer.from(importedRow), locale: locale ?? null },
    ...{ createdAt: at, passwordChangedAt: at, emailVerifiedAt: user.emailVerified ? at : null },
    disabledAt: user.disabled ? new Date(now) : null,
    ...(phone === undefined ? {} : withPhone),
  };
}
