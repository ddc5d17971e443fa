/**
 * Support sets a password that is good for one login, within a day; that login must choose a new one. Every session ends with
 * effect, and the owner is told.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { newTypedSecret } from '../login/factors/recoveryCodes.ts';
import { hashTurn, type PasswordHasher } from '../login/passwords/passwordHash.ts';
import type { PasswordAttempts } from '../login/throttling/passwordAttempts.ts';
import { recoveryPurposes } from '../notifications/links.ts';
import type { Notices } from '../notifications/notices.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { endAllOfUser } from '../sessions/endSessions.ts';
import { accountLimits } from './limits.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

export interface OneTimePassword {
  readonly userId: UserId;
  /** Shown once. */
  readonly password: string;
  readonly expiresAt: number;
  readonly endedSessions: number;
}

/**
 * Throws `not_found`, `permission_denied` for a disabled user, and `rate_limited` when a service's budget is used up. The next one
 * replaces it.
 */
export type SetOneTimePassword = (name: UserName, actor: Actor) => Promise<OneTimePassword>;

export interface SetOneTimePasswordParts extends RevokingParts {
  readonly passwords: Pick<PasswordHasher, 'hash'>;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged'>;
  readonly notices: Notices;
  readonly spendRevokeBudget: SpendRevokeBudget;
}

export function createSetOneTimePassword(parts: SetOneTimePasswordParts): SetOneTimePassword {
  return async (name, actor) => {
    const { id: userId } = await findNamedUser(parts.database, name);
    await parts.spendRevokeBudget('users', actor);
    const { text: password, typed } = newTypedSecret();
    const passwordHash = await parts.passwords.hash(typed, hashTurn(undefined, true));
    const now = parts.clock.now();
    const expiresAt = now + accountLimits.oneTimePasswordMilliseconds;
    const { result: ended } = await revokeAndPropagate(parts, now, async (stores) => {
      const user = await stores.users.lock(userId);
      if (user === undefined || user.disabledAt !== undefined) throw disabled();
      await stores.users.setPassword(userId, passwordHash, now, expiresAt);
      // Guesses at the earlier password must not keep the user from this one.
      await parts.passwordAttempts.passwordChanged(stores, user, undefined, now);
      // Others may have asked for these before.
      for (const purpose of [...recoveryPurposes, 'email_proof'])
        await stores.oneTimeTokens.forget(userId, purpose);
      await stores.audit.record({ type: 'one_time_password_set', actor, userId }, now);
      await parts.notices(stores, user, 'one_time_password_set', { now, actor: {} });
      return endAllOfUser(stores, userId, { reason: 'recovered', actor, now });
    });
    return { userId, password, expiresAt, endedSessions: ended.length };
  };
}

function disabled(): AuthorityError {
  return new AuthorityError('permission_denied', { detail: 'The user is disabled; enable it first.' });
}
