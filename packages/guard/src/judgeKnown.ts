/** Judges a token with a verified signature: expiry, issuer and revocation. */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Verdict } from '@countersign/verifier/revocation/denyList';
import type { ReadLatestTime } from '@countersign/verifier/steadyTime';
import type { AccessTokenClaims } from './claims.ts';
import type { KnownToken } from './knownToken.ts';
import type { Mirror } from './mirror.ts';
import type { Outcomes } from './outcomes.ts';
import type { VerifyOptions } from './verify.ts';

/** Returns at once when memory decides. */
export type Judge = (
  known: KnownToken,
  mirror: Mirror,
  options: VerifyOptions | undefined,
) => Promise<AccessTokenClaims>;

export function createJudge(parts: {
  readonly outcomes: Outcomes;
  readonly latestTime: ReadLatestTime;
  /** Whether the authority is asked when there is no lease. */
  readonly asks: boolean;
  readonly isClosed: () => boolean;
  readonly forget: (expired: KnownToken) => void;
}): Judge {
  const { outcomes, latestTime, asks, isClosed, forget } = parts;
  const { refusal, refuse } = outcomes;

  const judge: Judge = (known, mirror, options) => {
    if (known.expiresAt <= latestTime()) {
      forget(known);
      return refuse('invalid_token', 'memory', 'expired');
    }
    if (known.claims.iss !== mirror.issuer) return refuse('invalid_token', 'memory', 'issuer');
    const underLease = mirror.holdsLease();
    if (!underLease && !asks) return refuse('unavailable', 'memory', 'no_lease');
    const verdict = mirror.denyList.check(known.subjects, known.issuedAt);
    if (verdict instanceof Promise) return judgeLater(known, verdict, options);
    // A revoked token stays cached, so that repeating it does not cost a signature check each time.
    if (verdict.revoked) return refuse('invalid_token', 'memory', 'revoked');
    known.mirror = mirror.identity;
    known.version = mirror.denyList.version();
    return outcomes.acceptKnown(known, options);
  };

  const judgeLater = async (
    known: KnownToken,
    asked: Promise<Verdict>,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims> => {
    const verdict = await asked.catch((error) => {
      throw refusal('unavailable', 'authority', reasonOf(error), error);
    });
    if (verdict.revoked) throw refusal('invalid_token', 'authority', 'revoked');
    if (isClosed()) throw refusal('unavailable', 'authority', 'closed');
    if (known.expiresAt <= latestTime()) throw refusal('invalid_token', 'authority', 'expired');
    // Not remembered: the revocation that was asked about may be committed a moment later, and need not be announced again.
    return outcomes.acceptAnswered(known.text, known.claims, options);
  };

  return judge;
}

function reasonOf(error: unknown): string {
  return (error instanceof AuthorityError ? error.reason : undefined) ?? 'not_answered';
}
