/** Removes the caller's phone, and ends every session for which it was proved, the calling one too. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import { endFactor, type RemovedFactor, type RemoveFactorParts } from '../../login/factors/removeFactor.ts';
import { findCaller } from '../../login/passwords/reauthentication.ts';
import type { Caller } from '../../sessions/session.ts';

/** Throws `not_found` without a phone, and `last_way_in` when the settings require a second factor. */
export type RemovePhone = (caller: Caller, actor: Actor) => Promise<RemovedFactor>;

export function createRemovePhone(parts: RemoveFactorParts): RemovePhone {
  return async (caller, actor) => {
    const user = await findCaller(parts, caller);
    // Also that of a phone which was removed: a repetition ends its sessions again.
    const id = await parts.database.users.lastPhoneId(user.id);
    if (id === undefined) throw new AuthorityError('not_found', { detail: 'There is no phone.' });
    return endFactor(parts, user, { id, caller, actor });
  };
}
