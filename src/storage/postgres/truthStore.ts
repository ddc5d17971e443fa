import { randomUUID } from 'node:crypto';
import type { Position } from '@countersign/verifier/revocation/position';
import type { TruthStore } from '../../truth/sighting.ts';
import { Prisma } from './generated/client.ts';
import { historySql } from './history.ts';
import type { PrismaConnection } from './transactions.ts';

export function createTruthStore(prisma: PrismaConnection): TruthStore {
  return {
    async decisions() {
      const rows = await prisma.$queryRaw<{ id: string }[]>`SELECT id FROM restorations ORDER BY number`;
      return rows.map(({ id }) => id);
    },

    async decide(now) {
      const id = randomUUID();
      await prisma.$executeRaw`INSERT INTO restorations (id, decided_at) VALUES (${id}::uuid, ${new Date(now)})`;
      return id;
    },

    async position() {
      const [row] = await prisma.$queryRaw<Position[]>`
        SELECT ${Prisma.raw(historySql)} AS history, pg_current_snapshot()::text AS snapshot`;
      return row as Position;
    },
  };
}
