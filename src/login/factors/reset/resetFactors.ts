/**
 * Support removes all factors of a user who lost them: at once, or after a time in which the owner, who is told, can stop it. Every
 * session ends, since any of them may have been opened with a lost factor or a recovery code, and logins that are under way fail.
 */
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../../audit/auditEvent.ts';
import type { Stores } from '../../../database.ts';
import type { Notices } from '../../../notifications/notices.ts';
import {
  type RevokingParts,
  revokeAndPropagate,
} from '../../../revocation/propagation/revokeAndPropagate.ts';
import { endAllOfUser } from '../../../sessions/endSessions.ts';
import type { FactorKinds, ListedFactor } from '../factors.ts';
import { loginPurpose } from '../pendingLogin.ts';
import { stepUpPurpose } from '../startFactor.ts';
import { resetPurpose } from './stopReset.ts';

export interface ResetParts extends RevokingParts {
  readonly kinds: FactorKinds;
  readonly notices: Notices;
}

export interface Resetting {
  readonly actor: Actor;
  readonly now: number;
  /** For the audit log. */
  readonly reason: 'at_once' | 'after_delay';
  /** Why at once, in the operator's words. */
  readonly note?: string;
  /** Only a planned reset that is due. */
  readonly onlyDue?: true;
}

/** How many sessions ended; undefined when nothing was due. Repeating it succeeds. */
export async function resetFactors(
  parts: ResetParts,
  userId: UserId,
  { actor, now, reason, note, onlyDue }: Resetting,
): Promise<number | undefined> {
  const { result } = await revokeAndPropagate(parts, now, async (stores) => {
    // Of two nodes, the second one finds nothing due.
    const user = await stores.users.lock(userId);
    const dueAt = user?.factorsResetAt ?? Number.POSITIVE_INFINITY;
    if (user === undefined || (onlyDue && dueAt > now)) return undefined;
    const ended = await endAllOfUser(stores, userId, { reason: 'factor_removed', actor, now });
    const names = (await factorsOf(parts.kinds, stores, userId)).map(({ name }) => name);
    await forgetFactors(parts.kinds, stores, userId);
    const detail = note === undefined ? {} : { detail: { note } };
    await stores.audit.record({ type: 'factors_reset', actor, userId, reason, ...detail }, now);
    const factor = names.join(', ');
    if (factor !== '') await parts.notices(stores, user, 'factor_removed', { now, actor: {}, factor });
    return ended.length;
  });
  return result;
}

export async function factorsOf(
  kinds: FactorKinds,
  stores: Stores,
  userId: UserId,
): Promise<readonly ListedFactor[]> {
  const factors: ListedFactor[] = [];
  for (const { list } of kinds.all) factors.push(...((await list?.(stores, userId)) ?? []));
  return factors;
}

/** Deletes factors, recovery codes, logins and step-ups under way, and a planned reset with its links. */
export async function forgetFactors(kinds: FactorKinds, stores: Stores, userId: UserId): Promise<void> {
  for (const { forget } of kinds.all) await forget?.(stores, userId);
  await stores.users.planFactorsReset(userId, undefined);
  for (const purpose of [loginPurpose, stepUpPurpose, resetPurpose])
    await stores.oneTimeTokens.forget(userId, purpose);
}
