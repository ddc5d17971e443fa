/**
 * Changes that would let a thief of a token stay need a proof of the user that is at most ten minutes old. A login counts. With a
 * second factor, the proof must have included one. Routes of other slices use this, too.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { isAuthenticated } from '@countersign/verifier/tokens/bearerToken';
import type { Database } from '../../database.ts';
import type { FactorKinds } from './factors.ts';
import { factorLimits } from './limits.ts';

/** Throws `insufficient_user_authentication` with the challenge of RFC 9470, and `invalid_token` for a user who is gone. */
export type RequireRecentProof = (claims: AccessTokenClaims) => Promise<void>;

export function createRequireRecentProof(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: Pick<FactorKinds, 'hasAny'>;
}): RequireRecentProof {
  const { database, clock, kinds } = parts;
  return async (claims) => {
    const user = await database.users.find(claims.sub);
    if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
    const hasSecond = await kinds.hasAny(database, user, clock.now());
    const { recentProofSeconds: maxAgeSeconds } = factorLimits;
    const needed = { maxAgeSeconds, ...(hasSecond ? { acr: '2fa' } : {}) };
    if (isAuthenticated(claims, needed, clock.now())) return;
    throw new AuthorityError('insufficient_user_authentication', {
      needed,
      detail: 'Prove who you are with POST /auth/step-up, then try again with the new access token.',
    });
  };
}
