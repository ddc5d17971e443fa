/**
 * Support removes all factors of a user who lost them. Every session ends, since any of them may have been opened with a lost
 * factor or a recovery code, and logins that are under way fail.
 */
import type { UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../../accounts/namedUser.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../../sessions/endSessions.ts';
import type { FactorKinds } from './factors.ts';
import { loginPurpose } from './pendingLogin.ts';
import { stepUpPurpose } from './startFactor.ts';

export interface FactorsReset {
  readonly userId: UserId;
  readonly endedSessions: number;
}

/** Throws `not_found`, or `rate_limited` when a service's budget is used up. Repeating it succeeds. */
export type ResetFactors = (name: UserName, actor: Actor) => Promise<FactorsReset>;

export interface ResetFactorsParts extends RevokingParts {
  readonly kinds: FactorKinds;
  readonly notices: Notices;
  readonly spendRevokeBudget: SpendRevokeBudget;
}

export function createResetFactors(parts: ResetFactorsParts): ResetFactors {
  return async (name, actor) => {
    const user = await findNamedUser(parts.database, name);
    const { id: userId } = user;
    await parts.spendRevokeBudget('users', actor);
    const now = parts.clock.now();
    const { result } = await revokeAndPropagate(parts, now, async (stores) => {
      const ended = await endAllOfUser(stores, userId, { reason: 'factor_removed', actor, now });
      const names = await namesOf(parts.kinds, stores, userId);
      await forgetFactors(parts.kinds, stores, userId);
      await stores.audit.record({ type: 'factors_reset', actor, userId }, now);
      if (names !== '')
        await parts.notices(stores, user, 'factor_removed', { now, actor: {}, factor: names });
      return ended.length;
    });
    return { userId, endedSessions: result };
  };
}

async function namesOf(kinds: FactorKinds, stores: Stores, userId: UserId): Promise<string> {
  const names: string[] = [];
  for (const { list } of kinds.all)
    names.push(...((await list?.(stores, userId)) ?? []).map(({ name }) => name));
  return names.join(', ');
}

/** Deletes factors, recovery codes, and logins and step-ups under way. */
export async function forgetFactors(kinds: FactorKinds, stores: Stores, userId: UserId): Promise<void> {
  for (const { forget } of kinds.all) await forget?.(stores, userId);
  await stores.oneTimeTokens.forget(userId, loginPurpose);
  await stores.oneTimeTokens.forget(userId, stepUpPurpose);
}
