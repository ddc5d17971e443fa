/**
 * Deletes a user: every session ends with effect, nobody logs in as the user any more, and nothing personal is left of the user
 * but what the audit trail keeps until its own time is over.
 */
import type { Origin } from '../audit/auditEvent.ts';
import { normaliseEmail } from '../authn/email.ts';
import { AuthorityError } from '../core/errors.ts';
import type { UserId } from '../core/ids.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface DeletedUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found` when there is no such user, or no longer. */
export type DeleteUser = (
  user: { readonly email: string } | { readonly userId: UserId },
  origin: Origin,
) => Promise<DeletedUser>;

export function createDeleteUser(parts: EffectParts): DeleteUser {
  const { users } = parts.database;
  return async (named, origin) => {
    const user =
      'email' in named
        ? await users.findByEmail(normaliseEmail(named.email))
        : await users.find(named.userId);
    if (user === undefined) throw new AuthorityError('not_found', { detail: 'There is no such user.' });
    return { userId: user.id, endedSessions: await removeUser(parts, user.id, origin) };
  };
}

/** Answers how many sessions ended. Doing it again brings their end into effect again, and tells nothing more. */
export async function removeUser(parts: EffectParts, userId: UserId, origin: Origin): Promise<number> {
  const now = parts.clock.now();
  const { result } = await withEffect(parts, now, async (stores) => {
    await stores.users.lock(userId);
    await stores.users.bumpTokenVersion(userId);
    const ended = await stores.endSessions({ userId }, 'user_deleted');
    await stores.sessions.forgetPersonal(userId);
    const isFirst = await stores.users.delete(userId, now);
    if (isFirst) await stores.audit.record({ type: 'user_deleted', origin, userId }, now);
    return ended.length;
  });
  return result;
}
