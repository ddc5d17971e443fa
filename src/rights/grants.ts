/** Gives roles to users, for ever or until a time, and takes them away with effect. */
import { rfc3339 } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../accounts/namedUser.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { ChangeOptions, DefinitionParts } from './definitions.ts';
import { rightsLimits } from './limits.ts';
import { checkRoleName, notFound } from './names.ts';
import type { RoleGrant } from './store.ts';
import { countTouched, type RightsTakenAway, takeAway } from './takeAway.ts';

export interface NewGrant {
  readonly role: string;
  readonly user: UserName;
  /** Milliseconds since the Unix epoch; undefined means for ever. Replaces that of an earlier grant. */
  readonly expiresAt?: number | undefined;
}

/** Throws `not_found` for an unknown role or user, and `invalid_request` naming the field. */
export interface GrantRights {
  /** The user's next refresh carries it. Takes rights away when an earlier grant lasted longer. */
  grantRole(grant: NewGrant, actor: Actor): Promise<RightsTakenAway>;
  /** Repeating it succeeds. */
  takeRole(
    grant: Omit<NewGrant, 'expiresAt'>,
    actor: Actor,
    options?: ChangeOptions,
  ): Promise<RightsTakenAway>;
  /** Of a user, or of everybody who has the role, by user; `after` is the last user of the page before. */
  listGrants(which: GrantsPage): Promise<readonly RoleGrant[]>;
}

export type GrantsPage =
  | { readonly user: UserName }
  | { readonly role: string; readonly after?: UserId | undefined };

export function createGrantRights(parts: DefinitionParts): GrantRights {
  const { database, clock, spendRevokeBudget } = parts;
  return {
    async grantRole({ role, user: name, expiresAt }, actor) {
      checkRoleName(role);
      if (expiresAt !== undefined && expiresAt <= clock.now())
        throw invalidField('expires_at', 'range', 'must be in the future');
      const { id: subject } = await findNamedUser(database, name);
      return takeAway(parts, { kind: 'subject', subject }, async (stores, now) => {
        await lockUser(stores, subject);
        if ((await stores.rights.findRole(role)) === undefined) throw notFound(`role ${role}`);
        const before = await stores.rights.findGrant(role, subject);
        if (before === undefined) await requireRoom(stores, subject);
        await stores.rights.grant({ role, subject, grantedAt: now, grantedBy: actor.name, expiresAt });
        const detail = expiresAt === undefined ? undefined : { expires_at: rfc3339(expiresAt) };
        await stores.audit.record(
          { type: 'role_granted', actor, userId: subject, reason: role, detail },
          now,
        );
        return before !== undefined && endOf(before) > endOf({ expiresAt });
      });
    },

    async takeRole({ role, user: name }, actor, { dryRun = false } = {}) {
      checkRoleName(role);
      const { id: subject } = await findNamedUser(database, name);
      const touched = { kind: 'subject', subject } as const;
      if (dryRun) return { sessions: await countTouched(parts, touched), effect: undefined };
      await spendRevokeBudget('users', actor);
      return takeAway(parts, touched, async (stores, now) => {
        await lockUser(stores, subject);
        if ((await stores.rights.findGrant(role, subject)) === undefined) return false;
        await stores.rights.takeBack(role, subject);
        await stores.audit.record({ type: 'role_taken', actor, userId: subject, reason: role }, now);
        return true;
      });
    },

    async listGrants(which) {
      if ('role' in which)
        return database.rights.holders(checkRoleName(which.role), rightsLimits.grantsPageRows, which.after);
      return database.rights.grantsOf((await findNamedUser(database, which.user)).id);
    },
  };
}

/** A login that is under way reads its rights before or after, never both. */
async function lockUser({ users }: Stores, id: UserId): Promise<void> {
  if ((await users.lock(id)) === undefined) throw notFound('such user');
}

function endOf({ expiresAt = Number.POSITIVE_INFINITY }: Pick<RoleGrant, 'expiresAt'>): number {
  return expiresAt;
}

async function requireRoom({ rights }: Stores, subject: UserId): Promise<void> {
  if ((await rights.grantsOf(subject)).length >= rightsLimits.rolesOfSubject)
    throw invalidField('role', 'count', `a user has at most ${rightsLimits.rolesOfSubject} roles`);
}
