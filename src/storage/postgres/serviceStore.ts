import { isUuid, type ServiceId } from '@countersign/verifier/ids';
import {
  clientKinds,
  isPermission,
  type NewServiceToken,
  type PublicJwks,
  type Service,
  type ServiceSettings,
  type ServiceStore,
  type ServiceToken,
} from '../../services/service.ts';
import type { Prisma, Service as ServiceRow, ServiceToken as TokenRow } from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

export function createServiceStore(prisma: PrismaConnection): ServiceStore {
  return {
    async create(service, token) {
      const { count } = await prisma.service.createMany({ data: [rowOf(service)], skipDuplicates: true });
      if (count === 1) {
        if (token !== undefined) await prisma.serviceToken.create({ data: toRow(service.id, token) });
        return 'created';
      }
      return (await prisma.service.findUnique({ where: { name: service.name } })) === null
        ? 'certificate_taken'
        : 'name_taken';
    },

    async findByTokenHash(hash) {
      const row = await prisma.serviceToken.findFirst({
        where: { tokenHash: new Uint8Array(hash), service: { revokedAt: null, disabledAt: null } },
        include: { service: true },
      });
      return row === null ? undefined : { service: fromRow(row.service), token: fromTokenRow(row) };
    },

    async findByCertificateNames(names) {
      const rows = await prisma.service.findMany({
        where: { certificateName: { in: [...names] }, revokedAt: null, disabledAt: null },
        take: 2,
      });
      const [row, another] = rows;
      return row === undefined || another !== undefined ? undefined : fromRow(row);
    },

    async findNamed(idOrName) {
      const row = await prisma.service.findUnique({ where: named(idOrName) });
      return row === null ? undefined : fromRow(row);
    },

    async find(id) {
      const row = await prisma.service.findUnique({ where: { id } });
      return row === null ? undefined : fromRow(row);
    },

    async hasSecret(serviceId) {
      return (await prisma.serviceToken.findFirst({ where: { serviceId } })) !== null;
    },

    async isCertificateTaken(certificateName, id) {
      const others = { certificateName, revokedAt: null, NOT: { id } };
      return (await prisma.service.findFirst({ where: others })) !== null;
    },

    async update(id, settings) {
      const { certificateName = null, jwks, backchannelLogoutUri = null } = settings;
      const data = { certificateName, backchannelLogoutUri, ...jwksOf(jwks), ...listsOf(settings) };
      await prisma.service.update({
        where: { id },
        data: { ...data, certificateBound: settings.certificateBound },
      });
    },

    async setDisabled(id, at) {
      await prisma.service.update({
        where: { id },
        data: { disabledAt: at === undefined ? null : new Date(at) },
      });
    },

    async list(page) {
      const { by, way } = page?.order ?? { by: 'name', way: 'asc' };
      const rows = await prisma.service.findMany({
        where: page?.idOrName === undefined ? {} : named(page.idOrName),
        // Ids begin with the time of creation.
        orderBy: by === 'name' ? { name: way } : { id: way },
        // Rows of services are never deleted, and keep their names.
        ...(page?.after === undefined ? {} : { cursor: { id: page.after }, skip: 1 }),
        ...(page === undefined ? {} : { take: page.limit }),
        include: { tokens: { orderBy: { number: 'desc' } } },
      });
      return rows.map((row) => ({ ...fromRow(row), tokens: row.tokens.map(fromTokenRow) }));
    },

    ...createTokenStore(prisma),

    async revoke(id, now) {
      await prisma.service.update({ where: { id }, data: { revokedAt: new Date(now) } });
    },
  };
}

function createTokenStore(prisma: PrismaConnection): Pick<ServiceStore, 'rotate' | 'noteUse'> {
  return {
    async rotate(id, token, keepUntil) {
      const [now, until] = [new Date(token.createdAt), new Date(keepUntil)];
      await prisma.$queryRaw`SELECT 1 FROM services WHERE id = ${id}::uuid FOR UPDATE`;
      await prisma.$executeRaw`
        DELETE FROM service_tokens WHERE service_id = ${id}::uuid AND number IS DISTINCT FROM (
          SELECT number FROM service_tokens
           WHERE service_id = ${id}::uuid AND ${until} > ${now} AND COALESCE(expires_at > ${now}, true)
           -- The one in use: after a rotation whose answer was lost, that is not the newest.
           ORDER BY last_used_at IS NULL, number DESC LIMIT 1)`;
      await prisma.$executeRaw`
        UPDATE service_tokens SET expires_at = LEAST(expires_at, ${until}) WHERE service_id = ${id}::uuid`;
      await prisma.serviceToken.create({ data: toRow(id, token) });
    },

    async noteUse(hash, now, everyMs) {
      await prisma.serviceToken.updateMany({
        where: {
          tokenHash: new Uint8Array(hash),
          OR: [{ lastUsedAt: null }, { lastUsedAt: { lt: new Date(now - everyMs) } }],
        },
        data: { lastUsedAt: new Date(now) },
      });
    },
  };
}

function named(idOrName: string): { id: string } | { name: string } {
  return isUuid(idOrName) ? { id: idOrName } : { name: idOrName };
}

function rowOf(service: Parameters<ServiceStore['create']>[0]): Prisma.ServiceCreateManyInput {
  const { jwks, subjectSalt, createdAt, ...same } = service;
  return {
    ...{ ...same, ...listsOf(service), createdAt: new Date(createdAt) },
    certificateName: service.certificateName ?? null,
    backchannelLogoutUri: service.backchannelLogoutUri ?? null,
    subjectSalt: subjectSalt === undefined ? null : new Uint8Array(subjectSalt),
    ...jwksOf(jwks),
  };
}

function listsOf(settings: ServiceSettings) {
  return {
    ...{ permissions: [...settings.permissions], audiences: [...settings.audiences] },
    ...{ scopes: [...settings.scopes], redirectUris: [...settings.redirectUris] },
    postLogoutRedirectUris: [...settings.postLogoutRedirectUris],
  };
}

function jwksOf(jwks: PublicJwks | undefined) {
  return jwks === undefined ? {} : { jwks: jwks as unknown as Prisma.InputJsonObject };
}

function fromRow(row: ServiceRow): Service {
  return {
    id: row.id as ServiceId,
    name: row.name,
    kind: clientKinds.find((kind) => kind === row.kind) ?? 'third_party',
    permissions: row.permissions.filter(isPermission),
    ...{ audiences: row.audiences, scopes: row.scopes, redirectUris: row.redirectUris },
    postLogoutRedirectUris: row.postLogoutRedirectUris,
    backchannelLogoutUri: row.backchannelLogoutUri ?? undefined,
    subjectSalt: row.subjectSalt ?? undefined,
    jwks: (row.jwks as PublicJwks | null) ?? undefined,
    disabledAt: row.disabledAt?.getTime(),
    certificateName: row.certificateName ?? undefined,
    certificateBound: row.certificateBound,
    createdAt: row.createdAt.getTime(),
    revokedAt: row.revokedAt?.getTime(),
  };
}

function fromTokenRow(row: TokenRow): ServiceToken {
  return {
    createdAt: row.createdAt.getTime(),
    createdBy: row.createdBy,
    expiresAt: row.expiresAt?.getTime(),
    lastUsedAt: row.lastUsedAt?.getTime(),
  };
}

function toRow(serviceId: ServiceId, { hash, createdAt, createdBy, expiresAt }: NewServiceToken) {
  return {
    serviceId,
    tokenHash: new Uint8Array(hash),
    createdAt: new Date(createdAt),
    createdBy,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
  };
}
