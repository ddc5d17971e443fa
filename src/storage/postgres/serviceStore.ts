import { isPermission, type Service, type ServiceStore } from '../../authn/service.ts';
import type { ServiceId } from '../../core/ids.ts';
import type { Service as ServiceRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createServiceStore(prisma: PrismaConnection): ServiceStore {
  return {
    async create({ id, name, permissions, createdAt }, tokenHash) {
      const { count } = await prisma.service.createMany({
        data: [
          {
            id,
            name,
            permissions: [...permissions],
            createdAt: new Date(createdAt),
            tokenHash: new Uint8Array(tokenHash),
          },
        ],
        skipDuplicates: true,
      });
      return count === 1 ? 'created' : 'name_taken';
    },

    async findByTokenHash(tokenHash) {
      const row = await prisma.service.findFirst({
        where: { tokenHash: new Uint8Array(tokenHash), revokedAt: null },
      });
      return row === null ? undefined : fromRow(row);
    },

    async findByName(name) {
      const row = await prisma.service.findUnique({ where: { name } });
      return row === null ? undefined : fromRow(row);
    },

    async list() {
      const rows = await prisma.service.findMany({ orderBy: { name: 'asc' } });
      return rows.map(fromRow);
    },

    async revoke(id, now) {
      await prisma.service.update({ where: { id }, data: { revokedAt: new Date(now) } });
    },
  };
}

function fromRow(row: ServiceRow): Service {
  return {
    id: row.id as ServiceId,
    name: row.name,
    permissions: row.permissions.filter(isPermission),
    createdAt: row.createdAt.getTime(),
    revokedAt: row.revokedAt?.getTime(),
  };
}
