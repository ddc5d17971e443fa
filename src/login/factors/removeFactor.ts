/**
 * Removes one of the caller's factors and ends every session for which it was proved, the calling one too: whoever holds the lost
 * phone holds those sessions. Recovery codes go with the last factor: alone they open nothing.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Config } from '../../platform/config/config.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Caller } from '../../sessions/session.ts';
import { checkUnchanged, findCaller, type ProvingParts } from '../passwords/reauthentication.ts';
import type { FactorKinds, FactorName } from './factors.ts';

export interface RemoveFactorParts extends RevokingParts, ProvingParts {
  readonly kinds: FactorKinds;
  readonly policy: Config['secondFactor'];
  readonly notices: Notices;
}

export interface RemovedFactor {
  /** Whether the calling session ended, too. */
  readonly endedOwn: boolean;
}

/** Throws `not_found`, also for another user's factor, and `last_way_in` when the settings require a second factor. */
export type RemoveFactor = (id: FactorId, caller: Caller, actor: Actor) => Promise<RemovedFactor>;

export function createRemoveFactor(parts: RemoveFactorParts): RemoveFactor {
  return async (id, caller, actor) =>
    endFactor(parts, await findCaller(parts, caller), { id, caller, actor });
}

/** Removes the factor of the user, who is the caller. */
export async function endFactor(
  parts: RemoveFactorParts,
  user: User,
  { id, caller, actor }: { readonly id: FactorId; readonly caller: Caller; readonly actor: Actor },
): Promise<RemovedFactor> {
  const { userId, sessionId } = caller;
  const now = parts.clock.now();
  const { result } = await revokeAndPropagate(parts, now, async (stores) => {
    await checkUnchanged(stores, user, sessionId);
    // Also without the factor: the first answer may have been lost before its end was propagated.
    const ending = { reason: 'factor_removed', actor, now } as const;
    const ended = await endSelected(stores, { userId, openedBy: id }, ending);
    const removed = await remove(parts.kinds, stores, { userId, id });
    if (removed === undefined) return undefined;
    // Read again: it is without the factor now.
    const left = (await stores.users.find(userId)) ?? user;
    if (!(await parts.kinds.hasAny(stores, left, now))) {
      if (parts.policy === 'required') throw neededFactor();
      await stores.recoveryCodes.forget(userId);
    }
    const about = { actor, userId, sessionId, reason: removed.kind, detail: { factor: id } };
    await stores.audit.record({ type: 'factor_removed', ...about }, now);
    const occasion = { now, actor, sessionId, factor: removed.name };
    await parts.notices(stores, user, 'factor_removed', occasion);
    return { endedOwn: ended.some((session) => session.id === sessionId) };
  });
  if (result === undefined) throw new AuthorityError('not_found', { detail: 'There is no such factor.' });
  return result;
}

async function remove(
  kinds: FactorKinds,
  stores: Stores,
  { userId, id }: Pick<Caller, 'userId'> & { readonly id: FactorId },
): Promise<{ readonly kind: FactorName; readonly name: string } | undefined> {
  for (const kind of kinds.all) {
    const factors = (await kind.list?.(stores, userId)) ?? [];
    const factor = factors.find((each) => each.id === id);
    if (factor !== undefined && (await kind.remove?.(stores, userId, id)))
      return { kind: kind.name, name: factor.name };
  }
  return undefined;
}

function neededFactor(): AuthorityError {
  return new AuthorityError('last_way_in', {
    detail: 'SECOND_FACTOR is required: add another factor, then remove this one.',
  });
}
