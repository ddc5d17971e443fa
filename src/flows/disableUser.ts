/** Disables a user: every session ends with effect, and no login succeeds any more. */
import type { Origin } from '../audit/auditEvent.ts';
import { normaliseEmail } from '../authn/email.ts';
import { AuthorityError } from '../core/errors.ts';
import type { UserId } from '../core/ids.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface DisabledUser {
  readonly userId: UserId;
  readonly endedSessions: number;
}

export type DisableUser = (email: string, origin: Origin) => Promise<DisabledUser>;

export function createDisableUser(parts: EffectParts): DisableUser {
  return async (email, origin) => {
    const user = await parts.database.users.findByEmail(normaliseEmail(email));
    if (user === undefined) throw new AuthorityError('not_found', { detail: 'No user has this e-mail.' });
    const userId = user.id;
    const now = parts.clock.now();
    const { result: ended } = await withEffect(parts, now, async (stores) => {
      const locked = await stores.users.lock(userId, 'update');
      if (locked?.disabledAt === undefined) {
        await stores.users.disable(userId, now);
        await stores.users.bumpTokenVersion(userId);
        await stores.audit.record({ type: 'user_disabled', origin, userId }, now);
      }
      // Also when disabled before: the first answer may have been lost before the effect.
      const newlyEnded = await stores.endSessions({ userId }, 'user_disabled');
      await stores.audit.recordAll(sessionsEnded(newlyEnded, 'user_disabled', origin), now);
      return newlyEnded;
    });
    return { userId, endedSessions: ended.length };
  };
}
