/** Password change: proves the current one again, then every other session ends. */
import type { Origin } from '../audit/auditEvent.ts';
import { hashTurn } from '../authn/passwordHash.ts';
import type { PasswordPolicy } from '../authn/passwordPolicy.ts';
import type { User } from '../authn/user.ts';
import { invalidField } from '../core/errors.ts';
import type { SessionId } from '../core/ids.ts';
import { endOthers } from './endSessions.ts';
import {
  type Caller,
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from './provePassword.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface ChangePasswordParts extends EffectParts, ProvingParts {
  readonly passwordPolicy: PasswordPolicy;
}

/** Throws as `provePassword` does. */
export type ChangePassword = (
  input: { readonly currentPassword: string; readonly newPassword: string },
  caller: Caller,
  origin: Origin,
) => Promise<void>;

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { passwords, passwordPolicy } = parts;
  return async ({ currentPassword, newPassword }, caller, origin) => {
    const { sessionId } = caller;
    const user = await findCaller(parts, caller);
    const password = passwordPolicy.check(newPassword, { field: 'new_password', email: user.email });
    const proof = { user, sessionId, currentPassword, origin, refusal: 'password_change_refused' } as const;
    await provePassword(parts, proof, async () => {
      if (password === currentPassword.normalize('NFC'))
        throw invalidField('new_password', 'different', 'is the current password; choose another');
      const passwordHash = await passwords.hash(password, hashTurn(origin.ip, true));
      await change(parts, user, passwordHash, sessionId, origin);
    });
  };
}

async function change(
  parts: ChangePasswordParts,
  user: User,
  passwordHash: string,
  sessionId: SessionId,
  origin: Origin,
): Promise<void> {
  const { id: userId, email } = user;
  const now = parts.clock.now();
  await withEffect(parts, now, async (stores) => {
    await checkUnchanged(stores, user, sessionId);
    await stores.users.setPassword(userId, passwordHash, now);
    await parts.passwordAttempts.passwordChanged(stores, email, origin.ip, now);
    await stores.audit.record({ type: 'password_changed', origin, userId, sessionId }, now);
    await endOthers(stores, { userId, sessionId }, { reason: 'password_changed', origin, now });
  });
}
