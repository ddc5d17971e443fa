/** Password change: proves the current one again, then every other session ends. */
import type { Origin } from '../audit/auditEvent.ts';
import type { PasswordPolicy } from '../authn/passwordPolicy.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import { endOthers } from './logoutOthers.ts';
import { type Caller, type ProvingParts, provePassword } from './provePassword.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface ChangePasswordParts extends EffectParts, ProvingParts {
  readonly passwordPolicy: PasswordPolicy;
}

export type ChangePassword = (
  input: { readonly currentPassword: string; readonly newPassword: string },
  caller: Caller,
  origin: Origin,
) => Promise<void>;

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { database, passwords, passwordPolicy, clock } = parts;
  return async ({ currentPassword, newPassword }, { userId, sessionId }, origin) => {
    const found = await database.users.find(userId);
    if (found === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
    const password = passwordPolicy.check(newPassword, { field: 'new_password', email: found.email });
    const caller = { userId, sessionId };
    const refusal = { refusal: 'password_change_refused', origin } as const;
    const user = await provePassword(parts, caller, currentPassword, refusal);
    if (password === currentPassword.normalize('NFC')) {
      throw invalidField('new_password', 'different', 'is the current password; choose another');
    }
    const passwordHash = await passwords.hash(password);

    const now = clock.now();
    await withEffect(parts, now, async (stores) => {
      const locked = await stores.users.lock(userId);
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
      const ended = await endOthers(stores, { userId, sessionId }, 'password_changed');
      await stores.audit.record({ type: 'password_changed', origin, userId, sessionId }, now);
      await stores.audit.recordAll(sessionsEnded(ended, 'password_changed', origin), now);
    });
  };
}
