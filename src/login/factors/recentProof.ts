/**
 * Changes that would let a thief of a token stay need a proof of the user that is at most ten minutes old. A login counts. With a
 * second factor, the proof must have included one. Routes of other slices use this, too.
 */
import { type Clock, numericDate } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { type NeededAuthentication, satisfiesAcr } from '@countersign/verifier/tokens/bearerToken';
import type { Database } from '../../database.ts';
import type { FactorKinds } from './factors.ts';
import { factorLimits } from './limits.ts';

/** Throws `insufficient_user_authentication` with the challenge of RFC 9470, and `invalid_token` for a user who is gone. */
export type RequireRecentProof = (
  claims: AccessTokenClaims,
  asked?: { readonly maxAgeSeconds?: number },
) => Promise<void>;

export function createRequireRecentProof(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: Pick<FactorKinds, 'hasAny'>;
}): RequireRecentProof {
  const { database, clock, kinds } = parts;
  return async (claims, { maxAgeSeconds = factorLimits.recentProofSeconds } = {}) => {
    const user = await database.users.find(claims.sub);
    if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
    const hasSecond = await kinds.hasAny(database, user, clock.now());
    const needed = { maxAgeSeconds, ...(hasSecond ? { acr: '2fa' } : {}) };
    const missing = missingProof(claims, needed, clock.now());
    if (missing === undefined) return;
    throw new AuthorityError('insufficient_user_authentication', {
      reason: missing,
      needed,
      detail: 'Prove who you are with POST /auth/step-up, then try again with the new access token.',
    });
  };
}

/** What the token lacks. `now` in milliseconds. */
export function missingProof(
  { auth_time: authTime, acr }: Pick<AccessTokenClaims, 'auth_time' | 'acr'>,
  needed: NeededAuthentication,
  now: number,
): 'max_age' | 'acr' | undefined {
  const { maxAgeSeconds = Number.POSITIVE_INFINITY } = needed;
  if (numericDate(now) - authTime > maxAgeSeconds) return 'max_age';
  return needed.acr === undefined || satisfiesAcr(acr, needed.acr) ? undefined : 'acr';
}
