import type { ServiceId } from '@countersign/verifier/ids';
import type { ConsentStore } from '../../oauth/authorization/consentStore.ts';
import type { PrismaConnection } from './transactions.ts';

export function createConsentStore(prisma: PrismaConnection): ConsentStore {
  return {
    async find(userId, clientId) {
      const row = await prisma.consent.findUnique({ where: { userId_clientId: { userId, clientId } } });
      return row === null ? undefined : { scopes: row.scopes, grantedAt: row.grantedAt.getTime() };
    },

    async grant(userId, clientId, { scopes, grantedAt }) {
      await prisma.$executeRaw`
        INSERT INTO consents AS c (user_id, client_id, scopes, granted_at)
        VALUES (${userId}::uuid, ${clientId}::uuid, ${[...scopes]}::text[], ${new Date(grantedAt)})
        ON CONFLICT (user_id, client_id) DO UPDATE
           SET granted_at = excluded.granted_at,
               scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || excluded.scopes) ORDER BY 1)`;
    },

    async list(userId) {
      const rows = await prisma.consent.findMany({
        where: { userId, client: { revokedAt: null } },
        include: { client: { select: { name: true } } },
        orderBy: [{ grantedAt: 'desc' }, { clientId: 'asc' }],
      });
      return rows.map(({ clientId, client: { name }, scopes, grantedAt }) => ({
        ...{ clientId: clientId as ServiceId, name, scopes, grantedAt: grantedAt.getTime() },
      }));
    },

    async takeBack(userId, clientId) {
      const { count } = await prisma.consent.deleteMany({ where: { userId, clientId } });
      return count > 0;
    },

    async forget(userId) {
      await prisma.consent.deleteMany({ where: { userId } });
    },
  };
}
