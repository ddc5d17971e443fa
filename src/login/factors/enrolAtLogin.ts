/**
 * With SECOND_FACTOR required, a user without a factor gets no session: the login under way lets them add an authenticator app,
 * and its first code finishes the login.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { EnrolTotp, TotpEnrolment } from './enrolTotp.ts';
import { findPendingLogin, type PendingLoginParts } from './pendingLogin.ts';
import { refuseFactor } from './proveFactor.ts';

/** Throws `invalid_code` for a login token that is no good, and `second_factor_required` for a user who has a factor. */
export type EnrolAtLogin = (loginToken: string, actor: Actor) => Promise<TotpEnrolment>;

export function createEnrolAtLogin(
  parts: PendingLoginParts & {
    readonly enrolTotp: EnrolTotp;
    readonly rateLimits: Pick<RateLimits, 'spend'>;
  },
): EnrolAtLogin {
  const { database, clock, kinds, enrolTotp } = parts;
  return async (loginToken, actor) => {
    const pending = await findPendingLogin(parts, loginToken);
    if (pending === undefined) return refuseFactor(parts, { actor, reason: 'login_token' });
    await parts.rateLimits.spend(actor, 'factor', 'account', pending.user.id);
    const factors = await kinds.usable(database, pending.user, clock.now());
    // The password alone must not add a factor beside the owner's.
    if (!pending.enrols || factors.length > 0)
      throw new AuthorityError('second_factor_required', { members: { factors } });
    return enrolTotp(pending.user, undefined);
  };
}
