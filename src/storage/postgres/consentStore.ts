import type { ServiceId } from '@countersign/verifier/ids';
import type { AllowedApp, ConsentStore } from '../../oauth/authorization/consentStore.ts';
import type { PrismaConnection } from './transactions.ts';

export function createConsentStore(prisma: PrismaConnection): ConsentStore {
  return {
    async find(userId, clientId, audience) {
      const key = { userId, clientId, audience };
      const row = await prisma.consent.findUnique({ where: { userId_clientId_audience: key } });
      return row === null ? undefined : { audience, scopes: row.scopes, grantedAt: row.grantedAt.getTime() };
    },

    async grant(userId, clientId, { audience, scopes, grantedAt }) {
      await prisma.$executeRaw`
        INSERT INTO consents AS c (user_id, client_id, audience, scopes, granted_at)
        VALUES (${userId}::uuid, ${clientId}::uuid, ${audience}, ${[...scopes]}::text[], ${new Date(grantedAt)})
        ON CONFLICT (user_id, client_id, audience) DO UPDATE
           SET granted_at = excluded.granted_at,
               scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || excluded.scopes) ORDER BY 1)`;
    },

    async list(userId) {
      const rows = await prisma.consent.findMany({
        where: { userId, client: { revokedAt: null } },
        include: { client: { select: { name: true } } },
        orderBy: [{ grantedAt: 'desc' }, { clientId: 'asc' }, { audience: 'asc' }],
      });
      const apps = new Map<string, AllowedApp>();
      for (const { clientId, client, audience, scopes, grantedAt } of rows) {
        // The first row of each is the latest.
        const latest = { clientId: clientId as ServiceId, name: client.name, grantedAt: grantedAt.getTime() };
        const { resources, ...app } = apps.get(clientId) ?? { ...latest, resources: [] };
        apps.set(clientId, { ...app, resources: [...resources, { audience, scopes }] });
      }
      return [...apps.values()];
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
