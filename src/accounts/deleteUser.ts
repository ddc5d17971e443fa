/**
 * Deletes a user: ends and revokes every session, prevents logins, and removes all personal data except audit events within their
 * retention.
 */

import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { FactorKinds } from '../login/factors/factors.ts';
import { forgetFactors } from '../login/factors/reset/resetFactors.ts';
import { namesOf, type PasswordAttempts } from '../login/throttling/passwordAttempts.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../sessions/endSessions.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

export interface DeletedUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/**
 * Throws `not_found`, or `rate_limited` when a service's budget is used up. Repeating it with the id succeeds; the e-mail is free
 * again.
 */
export type DeleteUser = (name: UserName, actor: Actor) => Promise<DeletedUser>;

export interface RemovingParts {
  readonly passwordAttempts: Pick<PasswordAttempts, 'forget'>;
  readonly kinds: FactorKinds;
}

export interface DeletingParts extends RevokingParts, RemovingParts {}

export function createDeleteUser(
  parts: DeletingParts & { readonly spendRevokeBudget: SpendRevokeBudget },
): DeleteUser {
  return async (name, actor) => {
    const { users } = parts.database;
    // A repetition means that the first answer may have been lost before propagation.
    const again = 'userId' in name && (await users.wasDeleted(name.userId));
    const userId = again ? name.userId : (await findNamedUser(parts.database, name)).id;
    if (!again) await parts.spendRevokeBudget('users', actor);
    return { userId, endedSessions: await removeUser(parts, userId, actor) };
  };
}

/** Returns how many sessions ended. A repetition is propagated again but records nothing. */
export async function removeUser(
  parts: DeletingParts,
  userId: UserId,
  actor: Actor,
  /** Throws when the deletion must not happen; the user's row is locked by then. */
  check?: (stores: Stores) => Promise<void>,
): Promise<number> {
  const now = parts.clock.now();
  const { result } = await revokeAndPropagate(parts, now, (stores) =>
    removeUserIn(parts, stores, userId, actor, now, check),
  );
  return result;
}

/** `removeUser` within a transaction that propagates. */
export async function removeUserIn(
  parts: RemovingParts,
  stores: RevokingStores,
  userId: UserId,
  actor: Actor,
  now: number,
  check: (stores: Stores) => Promise<void> = async () => {},
): Promise<number> {
  const user = await stores.users.lock(userId);
  await check(stores);
  if (user !== undefined) {
    const names = namesOf(user);
    await parts.passwordAttempts.forget(stores, ...names);
    await stores.oneTimeTokens.forgetAddresses(...names);
  }
  const isFirst = await stores.users.delete(userId, now);
  if (isFirst) await stores.audit.record({ type: 'user_deleted', actor, userId }, now);
  const ended = await endAllOfUser(stores, userId, { reason: 'user_deleted', actor, now });
  await stores.sessions.forgetPersonal(userId);
  await forgetFactors(parts.kinds, stores, userId);
  await stores.oneTimeTokens.forget(userId);
  await stores.outbox.forget(userId);
  await stores.rights.forget(userId);
  await stores.consents.forget(userId);
  return ended.length;
}
