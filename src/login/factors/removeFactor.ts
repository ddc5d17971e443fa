/**
 * Removes one of the caller's factors and ends every session for which it was proved, the calling one too: whoever holds the lost
 * phone holds those sessions. Recovery codes go with the last factor: alone they open nothing.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId, SessionId, UserId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Config } from '../../platform/config/config.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from '../../sessions/endSessions.ts';
import type { Caller } from '../../sessions/session.ts';
import type { EndedSession } from '../../sessions/store.ts';
import { checkUnchanged, findCaller, type ProvingParts } from '../passwords/reauthentication.ts';
import { requiresFactor } from './factorPolicy.ts';
import type { FactorKind, FactorKinds } from './factors.ts';
import { loginPurpose } from './pendingLogin.ts';

export interface RemoveFactorParts extends RevokingParts, ProvingParts {
  readonly kinds: FactorKinds;
  readonly policy: Config['secondFactor'];
  readonly notices: Notices;
}

export interface RemovedFactor {
  /** Whether the calling session ended, too. */
  readonly endedOwn: boolean;
}

/** Throws `not_found`, also for another user's factor, and `last_way_in` when the settings or a role require a second factor. */
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
  const { sessionId } = caller;
  const now = parts.clock.now();
  const { result } = await revokeAndPropagate(parts, now, async (stores) => {
    await checkUnchanged(stores, user, sessionId);
    const taken = await takeFactor(parts, stores, { user, id, actor, now, sessionId });
    if (taken?.wasLast && (await requiresFactor(parts.policy, stores, user.id, now))) throw neededFactor();
    return taken && { endedOwn: taken.ended.some((session) => session.id === sessionId) };
  });
  if (result === undefined) throw new AuthorityError('not_found', { detail: 'There is no such factor.' });
  return result;
}

export type TakeFactorParts = Pick<RemoveFactorParts, 'kinds' | 'notices'>;

export interface TakenFactor {
  readonly ended: readonly EndedSession[];
  /** The user has no second factor any more. */
  readonly wasLast: boolean;
}

/**
 * Removes a factor in the caller's transaction; undefined without it. Throws `last_way_in` unless it is removed without a session:
 * then its owner disowns it, and recovery by mail is a way in. The caller holds the lock of the user's row.
 */
export async function takeFactor(
  { kinds, notices }: TakeFactorParts,
  stores: RevokingStores,
  taking: {
    readonly user: User;
    readonly id: FactorId;
    readonly actor: Actor;
    readonly now: number;
    readonly sessionId?: SessionId;
  },
): Promise<TakenFactor | undefined> {
  const { user, id, actor, now, sessionId } = taking;
  const { id: userId } = user;
  // Also without the factor: the first answer may have been lost before its end was propagated.
  const ending = { reason: 'factor_removed', actor, now } as const;
  const ended = await endSelected(stores, { userId, openedBy: id }, ending);
  const removed = await remove(kinds, stores, { userId, id, alsoLast: sessionId === undefined });
  if (removed === undefined) return undefined;
  // Read again: it is without the factor now.
  const left = (await stores.users.find(userId)) ?? user;
  const wasLast = removed.kind.standsAlone && !(await kinds.hasAny(stores, left, now));
  if (wasLast) await stores.recoveryCodes.forget(userId);
  // A login that waits for its second factor may have begun with it.
  await stores.oneTimeTokens.forget(userId, loginPurpose);
  const about = { actor, userId, sessionId, reason: removed.kind.name, detail: { factor: id } };
  await stores.audit.record({ type: 'factor_removed', ...about }, now);
  await notices(stores, user, 'factor_removed', { now, actor, sessionId, factor: removed.name });
  return { ended, wasLast };
}

async function remove(
  kinds: FactorKinds,
  stores: Stores,
  { userId, id, alsoLast }: { readonly userId: UserId; readonly id: FactorId; readonly alsoLast: boolean },
): Promise<{ readonly kind: FactorKind; readonly name: string } | undefined> {
  for (const kind of kinds.all) {
    const factors = (await kind.list?.(stores, userId)) ?? [];
    const factor = factors.find((each) => each.id === id);
    if (factor !== undefined && (await kind.remove?.(stores, userId, id, alsoLast)))
      return { kind, name: factor.name };
  }
  return undefined;
}

function neededFactor(): AuthorityError {
  return new AuthorityError('last_way_in', {
    detail: 'A second factor is required of you: add another one, then remove this one.',
  });
}
