import type { AdvisoryLocks, UpkeepTask } from '../../database.ts';
import type { PrismaConnection } from './transactions.ts';

/** Task → advisory lock number, unique in this database and combined with the schema: the bytes of "csg4" and so on. */
const locks: Record<UpkeepTask, number> = {
  sealing: 0x63736734,
  deleting_sessions: 0x63736735,
  deleting_events: 0x63736736,
};

export function createAdvisoryLocks(prisma: PrismaConnection): AdvisoryLocks {
  return {
    async take(task) {
      const [row] = await prisma.$queryRaw<{ held: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(${locks[task]}::int, hashtext(current_schema())) AS held`;
      return row?.held === true;
    },
  };
}
