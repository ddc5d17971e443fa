import type { UsedIdStore } from '../../oauth/usedIds.ts';
import type { PrismaConnection } from './transactions.ts';

export function createUsedIdStore(prisma: PrismaConnection): UsedIdStore {
  return {
    async use(hash, expiresAt) {
      const row = { hash: new Uint8Array(hash), expiresAt: new Date(expiresAt) };
      return (await prisma.usedId.createMany({ data: [row], skipDuplicates: true })).count === 1;
    },

    prune(now, limit) {
      return prisma.$executeRaw`
        DELETE FROM used_ids WHERE hash = ANY (ARRAY(
          SELECT hash FROM used_ids WHERE expires_at < ${new Date(now)} LIMIT ${limit} FOR UPDATE SKIP LOCKED))`;
    },
  };
}
