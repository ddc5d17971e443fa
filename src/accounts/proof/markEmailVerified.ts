/** The operator vouches for a user's e-mail. */
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { factsChanged } from '../../sessions/lookUp/facts.ts';
import { findNamedUser, type UserName } from '../namedUser.ts';

/** Throws `not_found`. Repeating it changes and records nothing. */
export type MarkEmailVerified = (name: UserName, actor: Actor) => Promise<UserId>;

export function createMarkEmailVerified(parts: RevokingParts): MarkEmailVerified {
  const { database, clock } = parts;
  return async (name, actor) => {
    const { id: userId, email } = await findNamedUser(database, name);
    const now = clock.now();
    await revokeAndPropagate(parts, now, async (stores) => {
      const user = await stores.users.lock(userId);
      // Not an address that replaced it meanwhile.
      if (user?.email !== email || user.emailVerifiedAt !== undefined) return;
      await stores.users.verifyEmail(userId, now);
      await stores.revoke([factsChanged(userId, now)]);
      await stores.audit.record({ type: 'email_verified', actor, userId }, now);
    });
    return userId;
  };
}
