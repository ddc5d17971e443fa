/** Gives roles to users and clients, for ever or until a time, and takes them away with effect. */
import { rfc3339 } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import type { ServiceId, UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../accounts/namedUser.ts';
import type { Actor, AuditEvent } from '../audit/auditEvent.ts';
import type { Database, Stores } from '../database.ts';
import type { Subject } from '../sessions/store.ts';
import type { ChangeOptions, DefinitionParts } from './definitions.ts';
import { rightsLimits } from './limits.ts';
import { checkRoleName, notFound } from './names.ts';
import type { RoleGrant } from './store.ts';
import { countTouched, type RightsTakenAway, takeAway } from './takeAway.ts';

/** Whom a role is given: a user, or a client (by id or name) for the tokens that it gets for itself. */
export type Bearer = { readonly user: UserName } | { readonly client: string };

export type GrantedRole = Bearer & { readonly role: string };

/** `expiresAt`: milliseconds since the Unix epoch; undefined means for ever. Replaces that of an earlier grant. */
export type NewGrant = GrantedRole & { readonly expiresAt?: number | undefined };

/** Throws `not_found` for an unknown role or user, and `invalid_request` naming the field. */
export interface GrantRights {
  /** The user's next refresh carries it. Takes rights away when an earlier grant lasted longer. */
  grantRole(grant: NewGrant, actor: Actor): Promise<RightsTakenAway>;
  /** Repeating it succeeds. */
  takeRole(grant: GrantedRole, actor: Actor, options?: ChangeOptions): Promise<RightsTakenAway>;
  /** Of one bearer, or of everybody who has the role, by id; `after` is the last one of the page before. */
  listGrants(which: GrantsPage): Promise<readonly RoleGrant[]>;
}

export type GrantsPage = Bearer | { readonly role: string; readonly after?: Subject | undefined };

export function createGrantRights(parts: DefinitionParts): GrantRights {
  const { database, clock, spendRevokeBudget } = parts;
  return {
    async grantRole({ role, expiresAt, ...bearer }, actor) {
      checkRoleName(role);
      if (expiresAt !== undefined && expiresAt <= clock.now())
        throw invalidField('expires_at', 'range', 'must be in the future');
      const found = await find(database, bearer);
      const { subject } = found;
      return takeAway(parts, { kind: 'subject', subject }, async (stores, now) => {
        await lock(stores, found);
        if ((await stores.rights.findRole(role)) === undefined) throw notFound(`role ${role}`);
        const before = await stores.rights.findGrant(role, subject);
        if (before === undefined) await requireRoom(stores, subject);
        await stores.rights.grant({ role, subject, grantedAt: now, grantedBy: actor.name, expiresAt });
        const detail = expiresAt === undefined ? undefined : { expires_at: rfc3339(expiresAt) };
        await stores.audit.record(
          {
            type: 'role_granted',
            actor,
            ...about(found),
            reason: role,
            detail: { ...detail, ...about(found).detail },
          },
          now,
        );
        const takes = before !== undefined && endOf(before) > endOf({ expiresAt });
        if (takes) await spendRevokeBudget('users', actor);
        return takes;
      });
    },

    async takeRole({ role, ...bearer }, actor, { dryRun = false } = {}) {
      checkRoleName(role);
      const found = await find(database, bearer);
      const { subject } = found;
      const touched = { kind: 'subject', subject } as const;
      if (dryRun) return { sessions: await countTouched(parts, touched), effect: undefined };
      return takeAway(parts, touched, async (stores, now) => {
        await lock(stores, found);
        if ((await stores.rights.findGrant(role, subject)) === undefined) return false;
        await spendRevokeBudget('users', actor);
        await stores.rights.takeBack(role, subject);
        await stores.audit.record({ type: 'role_taken', actor, ...about(found), reason: role }, now);
        return true;
      });
    },

    async listGrants(which) {
      if ('role' in which)
        return database.rights.holders(checkRoleName(which.role), rightsLimits.grantsPageRows, which.after);
      return database.rights.grantsOf((await find(database, which)).subject);
    },
  };
}

type Found = { readonly subject: Subject } & ({ readonly userId: UserId } | { readonly clientId: ServiceId });

async function find(database: Database, bearer: Bearer): Promise<Found> {
  if ('user' in bearer) {
    const { id: userId } = await findNamedUser(database, bearer.user);
    return { subject: userId, userId };
  }
  const { client } = bearer;
  const { services } = database;
  const known = await services.findNamed(client);
  if (known === undefined) throw notFound(`client ${client}`);
  return { subject: known.id, clientId: known.id };
}

/** Who starts a session meanwhile reads its rights before or after, never both. */
async function lock({ users, rights }: Stores, found: Found): Promise<void> {
  if ('clientId' in found) await rights.changeDefinitions();
  else if ((await users.lock(found.userId)) === undefined) throw notFound('such user');
}

/** For the audit event. */
function about(found: Found): Pick<AuditEvent, 'userId' | 'detail'> {
  return 'clientId' in found ? { detail: { client_id: found.clientId } } : { userId: found.userId };
}

function endOf({ expiresAt = Number.POSITIVE_INFINITY }: Pick<RoleGrant, 'expiresAt'>): number {
  return expiresAt;
}

async function requireRoom({ rights }: Stores, subject: Subject): Promise<void> {
  if ((await rights.grantsOf(subject)).length >= rightsLimits.rolesOfSubject)
    throw invalidField('role', 'count', `a user has at most ${rightsLimits.rolesOfSubject} roles`);
}
