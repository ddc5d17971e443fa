/** The operator vouches for a user's e-mail. */
import type { Clock } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import { findNamedUser, type UserName } from '../namedUser.ts';

/** Throws `not_found`. Repeating it changes and records nothing. */
export type MarkEmailVerified = (name: UserName, actor: Actor) => Promise<UserId>;

export function createMarkEmailVerified(parts: {
  readonly database: Database;
  readonly clock: Clock;
}): MarkEmailVerified {
  const { database, clock } = parts;
  return async (name, actor) => {
    const { id: userId, email } = await findNamedUser(database, name);
    const now = clock.now();
    await database.transaction(async (stores) => {
      const user = await stores.users.lock(userId);
      // Not an address that replaced it meanwhile.
      if (user?.email !== email || user.emailVerifiedAt !== undefined) return;
      await stores.users.verifyEmail(userId, now);
      await stores.audit.record({ type: 'email_verified', actor, userId }, now);
    });
    return userId;
  };
}
