import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { TotpFactor, TotpStore } from '../../login/factors/totpStore.ts';
import { beforeEither } from './earlierClock.ts';
import { Prisma, type TotpFactor as Row } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createTotpStore(prisma: PrismaConnection): TotpStore {
  return {
    async enrol({ id, userId, name, sealedSecret, createdAt }) {
      await prisma.totpFactor.deleteMany({ where: { userId, confirmedAt: null } });
      const data = { id, userId, name, createdAt: new Date(createdAt) };
      await prisma.totpFactor.create({ data: { ...data, sealedSecret: new Uint8Array(sealedSecret) } });
    },

    async findEnrolment(userId, since) {
      const row = await prisma.totpFactor.findFirst({
        where: { userId, confirmedAt: null, createdAt: { gt: new Date(since) } },
        orderBy: { id: 'desc' },
      });
      return row === null ? undefined : fromRow(row);
    },

    async list(userId) {
      const rows = await prisma.totpFactor.findMany({
        where: { userId, confirmedAt: { not: null } },
        orderBy: { id: 'asc' },
      });
      return rows.map(fromRow);
    },

    async confirm(id, step, now) {
      const { count } = await prisma.totpFactor.updateMany({
        where: { id, confirmedAt: null, lastStep: { lt: step } },
        data: { confirmedAt: new Date(now), lastStep: step },
      });
      return count === 1;
    },

    async use(id, step, now) {
      const { count } = await prisma.totpFactor.updateMany({
        where: { id, confirmedAt: { not: null }, lastStep: { lt: step } },
        data: { lastUsedAt: new Date(now), lastStep: step },
      });
      return count === 1;
    },

    async remove(userId, id) {
      const { count } = await prisma.totpFactor.deleteMany({
        where: { id, userId, confirmedAt: { not: null } },
      });
      return count === 1;
    },

    async forget(userId) {
      await prisma.totpFactor.deleteMany({ where: { userId } });
    },

    pruneEnrolments(olderThanMs, now, limit) {
      return prisma.$executeRaw`
        DELETE FROM totp_factors WHERE id = ANY (ARRAY(
          SELECT id FROM totp_factors WHERE confirmed_at IS NULL AND created_at < ${beforeEither(now, olderThanMs)}
           ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
    },

    async listSealedOtherwise(header, after, limit) {
      const start = after === undefined ? Prisma.sql`true` : Prisma.sql`id > ${after}::uuid`;
      const rows = await prisma.$queryRaw<{ id: string; sealedSecret: Uint8Array }[]>`
        SELECT id, sealed_secret AS "sealedSecret" FROM totp_factors
         WHERE ${start} AND substring(sealed_secret FROM 1 FOR ${header.length}::int) <> ${Buffer.from(header)}
         ORDER BY id LIMIT ${limit}`;
      return rows.map(({ id, sealedSecret }) => ({ id: id as FactorId, sealedSecret }));
    },

    async reseal({ id, sealedSecret }) {
      // The factor may be gone meanwhile.
      await prisma.totpFactor.updateMany({
        where: { id },
        data: { sealedSecret: new Uint8Array(sealedSecret) },
      });
    },
  };
}

function fromRow(row: Row): TotpFactor {
  return {
    id: row.id as FactorId,
    userId: row.userId as UserId,
    name: row.name,
    sealedSecret: row.sealedSecret,
    lastStep: Number(row.lastStep),
    createdAt: row.createdAt.getTime(),
    confirmedAt: row.confirmedAt?.getTime(),
    lastUsedAt: row.lastUsedAt?.getTime(),
  };
}
