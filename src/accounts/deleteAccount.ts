/** Users delete their own account, after proving the password; without a password, after a step-up that the route asks for. */
import { invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import {
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from '../login/passwords/reauthentication.ts';
import type { Caller } from '../sessions/session.ts';
import { type DeletingParts, removeUser } from './deleteUser.ts';

/** Throws as `provePassword` does, and `invalid_request` when a user who has a password sends none. */
export type DeleteAccount = (
  currentPassword: string | undefined,
  caller: Caller,
  actor: Actor,
) => Promise<void>;

export function createDeleteAccount(parts: DeletingParts & ProvingParts): DeleteAccount {
  return async (currentPassword, caller, actor) => {
    const user = await findCaller(parts, caller);
    const { sessionId } = caller;
    const remove = async () => {
      await removeUser(parts, user.id, actor, async (stores) => {
        await checkUnchanged(stores, user, sessionId);
      });
    };
    if (currentPassword === undefined && user.passwordHash === '') return remove();
    if (currentPassword === undefined) throw invalidField('current_password', 'required', 'is required');
    const proof = { user, sessionId, currentPassword, actor, refusal: 'user_delete_refused' } as const;
    await provePassword(parts, proof, remove);
  };
}
