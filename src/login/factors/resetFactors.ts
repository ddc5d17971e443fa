/**
 * Support removes all factors of a user who lost them. Every session ends, since any of them may have been opened with a lost
 * factor or a recovery code, and logins that are under way fail.
 */
import type { UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../../accounts/namedUser.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../../sessions/endSessions.ts';
import type { FactorKinds } from './factors.ts';

export interface FactorsReset {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found`, or `rate_limited` when a service's budget is used up. Repeating it succeeds. */
export type ResetFactors = (name: UserName, actor: Actor) => Promise<FactorsReset>;

export interface ResetFactorsParts extends RevokingParts {
  readonly kinds: FactorKinds;
  readonly spendRevokeBudget: SpendRevokeBudget;
}

export function createResetFactors(parts: ResetFactorsParts): ResetFactors {
  return async (name, actor) => {
    const { id: userId } = await findNamedUser(parts.database, name);
    await parts.spendRevokeBudget('users', actor);
    const now = parts.clock.now();
    const { result } = await revokeAndPropagate(parts, now, async (stores) => {
      const ended = await endAllOfUser(stores, userId, { reason: 'factor_removed', actor, now });
      await forgetFactors(parts.kinds, stores, userId);
      await stores.audit.record({ type: 'factors_reset', actor, userId }, now);
      return ended.length;
    });
    return { userId, endedSessions: result };
  };
}

/** Deletes factors, recovery codes and logins under way. */
export async function forgetFactors(kinds: FactorKinds, stores: Stores, userId: UserId): Promise<void> {
  for (const { forget } of kinds.all) await forget?.(stores, userId);
  await stores.oneTimeTokens.forget(userId, 'login');
  await stores.oneTimeTokens.forget(userId, 'step_up');
}
