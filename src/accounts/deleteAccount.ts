/** Users delete their own account, after proving the password. */
import type { Actor } from '../audit/auditEvent.ts';
import {
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from '../login/passwords/reauthentication.ts';
import type { Caller } from '../sessions/session.ts';
import { type DeletingParts, removeUser } from './deleteUser.ts';

/** Throws as `provePassword` does. */
export type DeleteAccount = (currentPassword: string, caller: Caller, actor: Actor) => Promise<void>;

export function createDeleteAccount(parts: DeletingParts & ProvingParts): DeleteAccount {
  return async (currentPassword, caller, actor) => {
    const user = await findCaller(parts, caller);
    const { sessionId } = caller;
    const proof = { user, sessionId, currentPassword, actor, refusal: 'user_delete_refused' } as const;
    await provePassword(parts, proof, async () => {
      await removeUser(parts, user.id, actor, async (stores) => {
        await checkUnchanged(stores, user, sessionId);
      });
    });
  };
}
