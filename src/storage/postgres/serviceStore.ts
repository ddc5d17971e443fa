import { isPermission, type Service, type ServiceStore } from '../../authn/service.ts';
import type { ServiceId } from '../../core/ids.ts';
import type { Service as ServiceRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createServiceStore(prisma: PrismaConnection): ServiceStore {
  return {
    async create({ id, name, permissions, certificateName, createdAt }, tokenHash) {
      const { count } = await prisma.service.createMany({
        data: [
          {
            id,
            name,
            permissions: [...permissions],
            certificateName: certificateName ?? null,
            createdAt: new Date(createdAt),
            tokenHash: new Uint8Array(tokenHash),
          },
        ],
        skipDuplicates: true,
      });
      if (count === 1) return 'created';
      return (await prisma.service.findUnique({ where: { name } })) === null
        ? 'certificate_taken'
        : 'name_taken';
    },

    async findByTokenHash(tokenHash) {
      const row = await prisma.service.findFirst({
        where: { tokenHash: new Uint8Array(tokenHash), revokedAt: null },
      });
      return row === null ? undefined : fromRow(row);
    },

    async findByCertificateNames(names) {
      const rows = await prisma.service.findMany({
        where: { certificateName: { in: [...names] }, revokedAt: null },
        take: 2,
      });
      const [row, another] = rows;
      return row === undefined || another !== undefined ? undefined : fromRow(row);
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
    certificateName: row.certificateName ?? undefined,
    createdAt: row.createdAt.getTime(),
    revokedAt: row.revokedAt?.getTime(),
  };
}
