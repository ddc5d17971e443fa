/**
 * Deletes a user: every session ends with effect, nobody logs in as the user any more, and nothing personal is left of the user
 * but what the audit trail keeps until its own time is over.
 */
import type { Origin } from '../audit/auditEvent.ts';
import type { UserId } from '../core/ids.ts';
import { findNamedUser, type UserName } from './namedUser.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface DeletedUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found` when there is no such user, or no longer. */
export type DeleteUser = (name: UserName, origin: Origin) => Promise<DeletedUser>;

export function createDeleteUser(parts: EffectParts): DeleteUser {
  return async (name, origin) => {
    const { id: userId } = await findNamedUser(parts.database, name);
    return { userId, endedSessions: await removeUser(parts, userId, origin) };
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
    await stores.audit.recordAll(sessionsEnded(ended, 'user_deleted', origin), now);
    return ended.length;
  });
  return result;
}
