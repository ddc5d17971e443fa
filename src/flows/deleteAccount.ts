/** A user deletes the own account, and proves the password for it. */
import type { Origin } from '../audit/auditEvent.ts';
import { removeUser } from './deleteUser.ts';
import { type Caller, type ProvingParts, provePassword } from './provePassword.ts';
import type { EffectParts } from './withEffect.ts';

/** Throws `invalid_credentials` when the password is not the current one. */
export type DeleteAccount = (currentPassword: string, caller: Caller, origin: Origin) => Promise<void>;

export function createDeleteAccount(parts: EffectParts & ProvingParts): DeleteAccount {
  return async (currentPassword, caller, origin) => {
    await provePassword(parts, caller, currentPassword, { refusal: 'user_delete_refused', origin });
    await removeUser(parts, caller.userId, origin);
  };
}
