/** A user deletes the own account, and proves the password for it. */
import type { Origin } from '../audit/auditEvent.ts';
import {
  type Caller,
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from '../login/passwords/reauthentication.ts';
import type { RevokingParts } from '../revocation/propagation/revokeAndPropagate.ts';
import { removeUser } from './deleteUser.ts';

/** Throws as `provePassword` does. */
export type DeleteAccount = (currentPassword: string, caller: Caller, origin: Origin) => Promise<void>;

export function createDeleteAccount(parts: RevokingParts & ProvingParts): DeleteAccount {
  return async (currentPassword, caller, origin) => {
    const user = await findCaller(parts, caller);
    const { sessionId } = caller;
    const proof = { user, sessionId, currentPassword, origin, refusal: 'user_delete_refused' } as const;
    await provePassword(parts, proof, async () => {
      await removeUser(parts, user.id, origin, (stores) => checkUnchanged(stores, user, sessionId));
    });
  };
}
