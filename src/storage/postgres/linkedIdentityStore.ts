import type { FactorId, UserId } from '@countersign/verifier/ids';
import type { LinkedIdentity, LinkedIdentityStore } from '../../login/providers/linkedIdentity.ts';
import type { LinkedIdentity as IdentityRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createLinkedIdentityStore(prisma: PrismaConnection): LinkedIdentityStore {
  return {
    async create({ createdAt, lastUsedAt, ...identity }) {
      const times = {
        createdAt: new Date(createdAt),
        lastUsedAt: lastUsedAt === undefined ? null : new Date(lastUsedAt),
      };
      const data = [{ ...identity, ...times }];
      const { count } = await prisma.linkedIdentity.createMany({ data, skipDuplicates: true });
      return count === 1 ? 'created' : 'taken';
    },

    async find({ issuer, subject }) {
      const row = await prisma.linkedIdentity.findUnique({ where: { issuer_subject: { issuer, subject } } });
      return row === null ? undefined : fromRow(row);
    },

    async list(userId) {
      const rows = await prisma.linkedIdentity.findMany({ where: { userId }, orderBy: { id: 'asc' } });
      return rows.map(fromRow);
    },

    async use(id, now) {
      const { count } = await prisma.linkedIdentity.updateMany({
        where: { id },
        data: { lastUsedAt: new Date(now) },
      });
      return count === 1;
    },

    async remove(userId, id) {
      const { count } = await prisma.linkedIdentity.deleteMany({ where: { id, userId } });
      return count === 1;
    },

    async forget(userId) {
      await prisma.linkedIdentity.deleteMany({ where: { userId } });
    },
  };
}

function fromRow({ id, userId, createdAt, lastUsedAt, ...row }: IdentityRow): LinkedIdentity {
  return {
    ...row,
    id: id as FactorId,
    userId: userId as UserId,
    createdAt: createdAt.getTime(),
    lastUsedAt: lastUsedAt?.getTime(),
  };
}
