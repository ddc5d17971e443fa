/** Password change: proves the current one again, then every other session ends. */
import type { AuditEvent, Origin } from '../audit/auditEvent.ts';
import type { PasswordHasher } from '../authn/passwordHash.ts';
import { normalisePassword, type PasswordPolicy } from '../authn/passwordPolicy.ts';
import type { User } from '../authn/user.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import type { SessionId, UserId } from '../core/ids.ts';
import type { PasswordAttempt, PasswordAttempts } from './passwordAttempts.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface ChangePasswordParts extends EffectParts {
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordAttempts: PasswordAttempts;
}

export type ChangePassword = (
  input: { readonly currentPassword: string; readonly newPassword: string },
  caller: { readonly userId: UserId; readonly sessionId: SessionId },
  origin: Origin,
) => Promise<void>;

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { database, passwords, passwordPolicy, passwordAttempts, clock } = parts;

  const change = async (user: User, passwordHash: string, sessionId: SessionId, origin: Origin) => {
    const { id: userId } = user;
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
      await passwordAttempts.passwordChanged(stores, user.email, origin.ip, now);
      await stores.sessions.setTokenVersion(sessionId, await stores.users.bumpTokenVersion(userId));
      await stores.endSessions({ userId, except: sessionId }, 'password_changed');
      await stores.audit.record({ type: 'password_changed', origin, userId, sessionId }, now);
    });
  };

  return async ({ currentPassword, newPassword }, { userId, sessionId }, origin) => {
    const user = await database.users.find(userId);
    if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
    const password = passwordPolicy.check(newPassword, { field: 'new_password', email: user.email });
    await passwordAttempts.attempt(user.email, { sessionId }, async (attempt) => {
      if (!(await attempt.check(() => isCurrent(passwords, user, currentPassword))))
        return refuse(parts, user.id, sessionId, attempt, origin);
      // Said to whoever knows the current one: no guess.
      await attempt.succeeded(database, clock.now());
      if (password === currentPassword.normalize('NFC')) {
        throw invalidField('new_password', 'different', 'is the current password; choose another');
      }
      await change(user, await passwords.hash(password), sessionId, origin);
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
  { last, countedAs }: PasswordAttempt,
  origin: Origin,
): Promise<never> {
  const about = { origin, userId, sessionId } as const;
  const refused: AuditEvent = { type: 'password_change_refused', ...about };
  const locked: AuditEvent = { type: 'password_locked', ...about, reason: countedAs };
  await database.audit.recordAll(last ? [refused, locked] : [refused], clock.now());
  throw new AuthorityError('invalid_credentials', {
    errors: [{ field: 'current_password', rule: 'correct', message: 'is not the current password' }],
  });
}
