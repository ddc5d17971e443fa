/** Disables a user: every session ends with effect, and no login succeeds any more. */

import type { UserId } from '@countersign/verifier/ids';
import type { Origin } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../sessions/endSessions.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

export interface DisabledUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found`, or `rate_limited` when a service has used up its budget. Doing it again is a success again. */
export type DisableUser = (name: UserName, origin: Origin) => Promise<DisabledUser>;

export function createDisableUser(
  parts: RevokingParts & { readonly spendRevokeBudget: SpendRevokeBudget },
): DisableUser {
  return async (name, origin) => {
    const { id: userId, disabledAt } = await findNamedUser(parts.database, name);
    if (disabledAt === undefined) await parts.spendRevokeBudget('users', origin);
    const now = parts.clock.now();
    const { result: ended } = await revokeAndPropagate(parts, now, async (stores) => {
      const locked = await stores.users.lock(userId);
      if (locked?.disabledAt === undefined) {
        await stores.users.disable(userId, now);
        await stores.audit.record({ type: 'user_disabled', origin, userId }, now);
      }
      // Also when disabled before: the first answer may have been lost before the effect.
      return endAllOfUser(stores, userId, { reason: 'user_disabled', origin, now });
    });
    return { userId, endedSessions: ended.length };
  };
}
