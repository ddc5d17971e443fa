/** Disables a user: ends and revokes every session and prevents logins. */

import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../sessions/endSessions.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

export interface DisabledUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found`, or `rate_limited` when a service's budget is used up. Repeating it succeeds. */
export type DisableUser = (name: UserName, actor: Actor) => Promise<DisabledUser>;

export function createDisableUser(
  parts: RevokingParts & { readonly spendRevokeBudget: SpendRevokeBudget },
): DisableUser {
  return async (name, actor) => {
    const { id: userId, disabledAt } = await findNamedUser(parts.database, name);
    if (disabledAt === undefined) await parts.spendRevokeBudget('users', actor);
    const now = parts.clock.now();
    const { result: ended } = await revokeAndPropagate(parts, now, async (stores) => {
      const locked = await stores.users.lock(userId);
      if (locked?.disabledAt === undefined) {
        await stores.users.disable(userId, now);
        await stores.audit.record({ type: 'user_disabled', actor, userId }, now);
      }
      // Also for a disabled user: the first answer may have been lost before propagation.
      return endAllOfUser(stores, userId, { reason: 'user_disabled', actor, now });
    });
    return { userId, endedSessions: ended.length };
  };
}
