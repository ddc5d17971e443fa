/** Recovery by the operator: a user locked out by wrong passwords may try again from everywhere. */

import type { Clock } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { PasswordAttempts } from '../login/throttling/passwordAttempts.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

export interface UnlockUserParts {
  readonly database: Database;
  readonly passwordAttempts: Pick<PasswordAttempts, 'unlock'>;
  readonly clock: Clock;
}

/** Throws `not_found`. */
export type UnlockUser = (name: UserName, actor: Actor) => Promise<{ readonly userId: UserId }>;

export function createUnlockUser({ database, passwordAttempts, clock }: UnlockUserParts): UnlockUser {
  return async (name, actor) => {
    const user = await findNamedUser(database, name);
    const { id: userId } = user;
    await database.transaction(async (stores) => {
      await passwordAttempts.unlock(stores, user);
      await stores.audit.record({ type: 'user_unlocked', actor, userId }, clock.now());
    });
    return { userId };
  };
}
