/** Password change: proves the current one again, then every other session ends. */
import type { Origin } from '../audit/auditEvent.ts';
import type { PasswordHasher } from '../authn/passwordHash.ts';
import { normalisePassword, type PasswordPolicy } from '../authn/passwordPolicy.ts';
import type { User } from '../authn/user.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import type { SessionId, UserId } from '../core/ids.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface ChangePasswordParts extends EffectParts {
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
}

export type ChangePassword = (
  input: { readonly currentPassword: string; readonly newPassword: string },
  caller: { readonly userId: UserId; readonly sessionId: SessionId },
  origin: Origin,
) => Promise<void>;

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { database, passwords, passwordPolicy, clock } = parts;
  return async ({ currentPassword, newPassword }, { userId, sessionId }, origin) => {
    const user = await database.users.find(userId);
    if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
    const password = passwordPolicy.check(newPassword, { field: 'new_password', email: user.email });
    if (!(await isCurrent(passwords, user, currentPassword)))
      return refuse(parts, user.id, sessionId, origin);
    if (password === currentPassword.normalize('NFC')) {
      throw invalidField('new_password', 'different', 'is the current password; choose another');
    }
    const passwordHash = await passwords.hash(password);

    const now = clock.now();
    await withEffect(parts, now, async (stores) => {
      const locked = await stores.users.lock(userId, 'update');
      const session = await stores.sessions.find(sessionId);
      // Logged out everywhere, disabled or changed by another request since this one was let in.
      if (
        locked?.tokenVersion !== user.tokenVersion ||
        session === undefined ||
        session.endedAt !== undefined
      ) {
        throw new AuthorityError('invalid_token', { reason: 'version' });
      }
      await stores.users.setPassword(userId, passwordHash, now);
      await stores.sessions.setTokenVersion(sessionId, await stores.users.bumpTokenVersion(userId));
      const ended = await stores.endSessions({ userId, except: sessionId }, 'password_changed');
      await stores.audit.record({ type: 'password_changed', origin, userId, sessionId }, now);
      await stores.audit.recordAll(sessionsEnded(ended, 'password_changed', origin), now);
    });
  };
}

async function isCurrent(passwords: PasswordHasher, user: User, text: string): Promise<boolean> {
  const password = normalisePassword(text);
  return password !== undefined && passwords.verify(user.passwordHash, password);
}

async function refuse(
  { database, clock }: ChangePasswordParts,
  userId: UserId,
  sessionId: SessionId,
  origin: Origin,
): Promise<never> {
  await database.audit.record({ type: 'password_change_refused', origin, userId, sessionId }, clock.now());
  throw new AuthorityError('invalid_credentials', {
    errors: [{ field: 'current_password', rule: 'correct', message: 'is not the current password' }],
  });
}
