import type { RecoveryCodeStore } from '../../login/factors/recoveryCodeStore.ts';
import type { PrismaConnection } from './transactions.ts';

export function createRecoveryCodeStore(prisma: PrismaConnection): RecoveryCodeStore {
  return {
    async replace(userId, hashes, now) {
      const createdAt = new Date(now);
      await prisma.recoveryCode.deleteMany({ where: { userId } });
      await prisma.recoveryCode.createMany({
        data: hashes.map((hash) => ({ userId, codeHash: new Uint8Array(hash), createdAt })),
      });
    },

    async has(userId, hash) {
      const where = { userId, codeHash: new Uint8Array(hash), usedAt: null };
      return (await prisma.recoveryCode.count({ where })) === 1;
    },

    async use(userId, hash, now) {
      const { count } = await prisma.recoveryCode.updateMany({
        where: { userId, codeHash: new Uint8Array(hash), usedAt: null },
        data: { usedAt: new Date(now) },
      });
      return count === 1;
    },

    left: (userId) => prisma.recoveryCode.count({ where: { userId, usedAt: null } }),

    async forget(userId) {
      await prisma.recoveryCode.deleteMany({ where: { userId } });
    },
  };
}
