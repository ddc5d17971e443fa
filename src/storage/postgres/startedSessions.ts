import type { SessionStore } from '../../sessions/store.ts';
import { alive } from './refreshStore.ts';
import type { PrismaConnection } from './transactions.ts';

/** Sessions of applications that were started from a browser's. */
export function createStartedSessions(
  prisma: PrismaConnection,
): Pick<SessionStore, 'noteStart' | 'moveStarted'> {
  return {
    async noteStart(id, now) {
      const sessions = await prisma.$executeRaw`
        UPDATE sessions AS s SET has_started = true WHERE s.id = ${id}::uuid AND ${alive(now)}`;
      return sessions === 1;
    },

    async moveStarted(before, id) {
      await prisma.$queryRaw`SELECT 1 FROM sessions WHERE id = ${before}::uuid FOR UPDATE`;
      const sessions = await prisma.$executeRaw`
        UPDATE sessions SET started_from = ${id}::uuid WHERE started_from = ${before}::uuid`;
      return sessions > 0;
    },
  };
}
