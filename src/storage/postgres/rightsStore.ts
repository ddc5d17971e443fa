import type { Resource, RightsFacts } from '../../rights/rights.ts';
import type { RightsChange, RightsStore, Role, RoleGrant, Touched } from '../../rights/store.ts';
import type { Subject } from '../../sessions/store.ts';
import {
  type RightsChange as ChangeRow,
  type RoleGrant as GrantRow,
  Prisma,
  type Resource as ResourceRow,
  type Role as RoleRow,
  type RoleScopes as ScopesRow,
} from './generated/client.ts';
import type { PrismaConnection } from './transactions.ts';

/** The bytes of "csgr"; see advisoryLocks.ts. */
const definitionsLock = 0x63736772;

/** The subject's rights at the audience as JSON, for a statement that reads a session too: both are of one moment. */
export function rightsJson(subject: Prisma.Sql, client: Prisma.Sql, audience: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`json_build_object(
    'clientLives', NOT EXISTS (SELECT 1 FROM services AS c WHERE c.id::text = ${client}
                                AND (c.disabled_at IS NOT NULL OR c.revoked_at IS NOT NULL)),
    'clientScopes', (SELECT c.scopes FROM services AS c WHERE c.id::text = ${client} AND c.kind <> 'service'),
    'resource', (SELECT json_build_object('scopes', r.scopes, 'everyone', r.everyone, 'accessTtlMs', r.access_ttl_ms)
                   FROM resources AS r WHERE r.audience = ${audience}),
    'grants', ARRAY(SELECT json_build_object('role', g.role, 'scopes', rs.scopes, 'secondFactor', rs.second_factor,
                                             'expiresAt', floor(extract(epoch FROM g.expires_at) * 1000))
                      FROM role_grants AS g JOIN role_scopes AS rs ON rs.role = g.role AND rs.audience = ${audience}
                     WHERE g.subject = ${subject} ORDER BY g.role))`;
}

export interface RightsJson {
  readonly clientLives: boolean;
  readonly clientScopes: readonly string[] | null;
  readonly resource:
    | (Omit<NonNullable<RightsFacts['resource']>, 'accessTtlMs'> & { accessTtlMs: number | null })
    | null;
  readonly grants: readonly {
    role: string;
    scopes: readonly string[];
    secondFactor: boolean;
    expiresAt: number | null;
  }[];
}

export function fromRightsJson({ clientLives, clientScopes, resource, grants }: RightsJson): RightsFacts {
  return {
    clientLives,
    clientScopes: clientScopes ?? undefined,
    resource: resource === null ? undefined : { ...resource, accessTtlMs: resource.accessTtlMs ?? undefined },
    grants: grants.map((each) => ({ ...each, expiresAt: each.expiresAt ?? undefined })),
  };
}

export function createRightsStore(prisma: PrismaConnection): RightsStore {
  return {
    async keepDefinitions() {
      await prisma.$queryRaw`
        SELECT pg_advisory_xact_lock_shared(${definitionsLock}::int, hashtext(current_schema()))::text`;
    },

    async changeDefinitions() {
      await prisma.$queryRaw`
        SELECT pg_advisory_xact_lock(${definitionsLock}::int, hashtext(current_schema()))::text`;
    },

    async read(subject, clientId, audience) {
      const [row] = await prisma.$queryRaw<{ rights: RightsJson }[]>`
        SELECT ${rightsJson(Prisma.sql`${subject}`, Prisma.sql`${clientId}`, Prisma.sql`${audience}`)} AS rights`;
      return fromRightsJson(
        row?.rights ?? { clientLives: false, clientScopes: null, resource: null, grants: [] },
      );
    },

    ...createDefinitionStore(prisma),
    ...createGrantStore(prisma),
    ...createChangeStore(prisma),
  };
}

function createDefinitionStore(
  prisma: PrismaConnection,
): Pick<
  RightsStore,
  | 'findResource'
  | 'listResources'
  | 'setResource'
  | 'removeResource'
  | 'findRole'
  | 'listRoles'
  | 'setRole'
  | 'removeRole'
> {
  return {
    async findResource(audience) {
      const row = await prisma.resource.findUnique({ where: { audience } });
      return row === null ? undefined : fromResource(row);
    },

    async listResources() {
      return (await prisma.resource.findMany({ orderBy: { audience: 'asc' } })).map(fromResource);
    },

    async setResource({ audience, scopes, everyone, accessTtlMs = null }, now) {
      const data = { scopes: [...scopes], everyone: [...everyone], accessTtlMs };
      const create = { ...data, audience, createdAt: new Date(now) };
      await prisma.resource.upsert({ where: { audience }, create, update: data });
    },

    async removeResource(audience) {
      await prisma.resource.deleteMany({ where: { audience } });
    },

    async findRole(name) {
      const row = await prisma.role.findUnique({ where: { name }, include: { scopes: true } });
      return row === null ? undefined : fromRole(row);
    },

    async listRoles() {
      return (await prisma.role.findMany({ orderBy: { name: 'asc' }, include: { scopes: true } })).map(
        fromRole,
      );
    },

    async setRole({ name: role, audience, scopes, secondFactor = false }, now) {
      const createdAt = new Date(now);
      await prisma.role.upsert({ where: { name: role }, create: { name: role, createdAt }, update: {} });
      const data = { scopes: [...scopes], secondFactor };
      const where = { role_audience: { role, audience } };
      await prisma.roleScopes.upsert({ where, create: { ...data, role, audience }, update: data });
    },

    async removeRole(name, audience) {
      if (audience === undefined) await prisma.role.deleteMany({ where: { name } });
      else await prisma.roleScopes.deleteMany({ where: { role: name, audience } });
    },
  };
}

function createGrantStore(
  prisma: PrismaConnection,
): Pick<
  RightsStore,
  'findGrant' | 'grant' | 'takeBack' | 'holders' | 'requireSecondFactor' | 'grantsOf' | 'forget'
> {
  return {
    async findGrant(role, subject) {
      const row = await prisma.roleGrant.findUnique({ where: { role_subject: { role, subject } } });
      return row === null ? undefined : fromGrant(row);
    },

    async grant({ role, subject, grantedAt, grantedBy, expiresAt }) {
      const data = {
        ...{ grantedAt: new Date(grantedAt), grantedBy },
        expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
      };
      const where = { role_subject: { role, subject } };
      await prisma.roleGrant.upsert({ where, create: { ...data, role, subject }, update: data });
    },

    async takeBack(role, subject) {
      await prisma.roleGrant.deleteMany({ where: { role, subject } });
    },

    async holders(role, limit, after) {
      const where = after === undefined ? { role } : { role, subject: { gt: after } };
      const rows = await prisma.roleGrant.findMany({ where, orderBy: { subject: 'asc' }, take: limit });
      return rows.map(fromGrant);
    },

    async requireSecondFactor(subject, audience, now) {
      const worth = { some: { OR: [{ secondFactor: true }, { audience }] } };
      const lives = [{ expiresAt: null }, { expiresAt: { gt: new Date(now) } }];
      const where = { subject, OR: lives, roleOfGrant: { scopes: worth } };
      return (await prisma.roleGrant.findFirst({ where, select: { role: true } })) !== null;
    },

    async grantsOf(subject) {
      return (await prisma.roleGrant.findMany({ where: { subject }, orderBy: { role: 'asc' } })).map(
        fromGrant,
      );
    },

    async forget(subject) {
      await prisma.roleGrant.deleteMany({ where: { subject } });
    },
  };
}

function createChangeStore(
  prisma: PrismaConnection,
): Pick<RightsStore, 'taken' | 'openChange' | 'openChanges' | 'noteChange' | 'closeChange'> {
  return {
    async taken(sessions) {
      const ids = sessions.map((id) => id.replaceAll('-', ''));
      const rows = await prisma.$queryRaw<{ subject: Uint8Array; reason: string; expiresAt: Date }[]>`
        SELECT r.subject, r.reason, r.expires_at AS "expiresAt"
          FROM unnest(${ids}::text[]) AS t (id)
          JOIN revocations AS r ON r.subject BETWEEN decode(t.id || repeat('0', 22), 'hex')
                                                 AND decode(t.id || repeat('0', 12) || 'ffff' || repeat('0', 6), 'hex')`;
      return rows.map(({ expiresAt, ...row }) => ({ ...row, expiresAt: expiresAt.getTime() }));
    },

    async openChange(touched, now) {
      await prisma.rightsChange.create({ data: { ...toChange(touched), notedAt: new Date(now) } });
    },

    async openChanges(which) {
      const where =
        'until' in which
          ? { notedAt: { lte: new Date(which.until) } }
          : 'kind' in which
            ? { kind: which.kind }
            : toChange(which.touched);
      return (await prisma.rightsChange.findMany({ where, orderBy: { number: 'asc' } })).map(fromChange);
    },

    async noteChange(number, after, now) {
      await prisma.rightsChange.updateMany({ where: { number }, data: { after, notedAt: new Date(now) } });
    },

    async closeChange(number) {
      await prisma.rightsChange.deleteMany({ where: { number } });
    },
  };
}

function toChange(touched: Touched): Pick<ChangeRow, 'kind' | 'target'> {
  const { kind } = touched;
  if (kind === 'subject') return { kind, target: touched.subject };
  if (kind === 'client') return { kind, target: touched.clientId };
  return { kind, target: 'role' in touched ? touched.role : '' };
}

function fromChange({ number, kind, target, after }: ChangeRow): RightsChange {
  return { number, touched: touchedOf(kind, target), after: after ?? undefined };
}

/** A kind that a newer version wrote touches all sessions, as far as this one can tell. */
function touchedOf(kind: string, target: string): Touched {
  if (kind === 'subject') return { kind, subject: target as Subject };
  if (kind === 'client') return { kind, clientId: target };
  return kind === 'role' || kind === 'removed_role' ? { kind, role: target } : { kind: 'all' };
}

function fromResource({ audience, scopes, everyone, accessTtlMs }: ResourceRow): Resource {
  return { audience, scopes, everyone, accessTtlMs: accessTtlMs ?? undefined };
}

function fromRole({ name, scopes }: RoleRow & { readonly scopes: readonly ScopesRow[] }): Role {
  const audiences = scopes.map(({ role: _, ...worth }) => worth);
  return { name, audiences: audiences.sort((one, other) => (one.audience < other.audience ? -1 : 1)) };
}

function fromGrant({ role, subject, grantedAt, grantedBy, expiresAt }: GrantRow): RoleGrant {
  return {
    ...{ role, subject: subject as Subject, grantedBy },
    grantedAt: grantedAt.getTime(),
    expiresAt: expiresAt?.getTime(),
  };
}
