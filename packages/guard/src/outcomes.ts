/** Accepts and refuses tokens, counts both, and calls the hooks. */
import { type AccessTokenClaims, hasScopes } from './claims.ts';
import { checkScopes, GuardError, type GuardErrorCode } from './guardError.ts';
import { type GuardHooks, type GuardOutcome, tell } from './hooks.ts';
import type { KnownToken } from './knownToken.ts';

/** Numbers of accepted tokens, and of refused ones by error. */
export interface GuardCounts {
  readonly acceptedFromMemory: number;
  readonly acceptedByAuthority: number;
  readonly refused: Readonly<Record<GuardErrorCode, number>>;
}

type By = GuardOutcome['by'];

export interface Outcomes {
  /** Accepts a token that memory decided on, if it has all these scopes. */
  acceptKnown(
    known: Pick<KnownToken, 'claims' | 'accepted'>,
    scopes: readonly string[] | undefined,
  ): Promise<AccessTokenClaims>;
  /** The claims of a token the authority answered for. Throws when it lacks a scope. */
  acceptAnswered(claims: AccessTokenClaims, scopes: readonly string[] | undefined): AccessTokenClaims;
  /** Counts a refusal, and returns it. `reason` and `cause` are for logs and metrics. */
  refusal(code: GuardErrorCode, by: By, reason: string, cause?: unknown): GuardError;
  /** As `refusal`, in a rejected promise. */
  refuse(code: GuardErrorCode, by: By, reason: string, cause?: unknown): Promise<never>;
  counts(): GuardCounts;
}

export function createOutcomes(verified: GuardHooks['verified']): Outcomes {
  const refused = { token_required: 0, invalid_token: 0, insufficient_scope: 0, unavailable: 0 };
  let fromMemory = 0;
  let byAuthority = 0;

  const refusal: Outcomes['refusal'] = (code, by, reason, cause) => {
    refused[code] += 1;
    tell(verified, { accepted: false, code, reason, by });
    return new GuardError(code, { reason, cause });
  };

  /** The refusal of a token without these scopes; undefined if it has them. */
  const lacking = (claims: AccessTokenClaims, scopes: readonly string[], by: By): Error | undefined => {
    if (Array.isArray(scopes) && hasScopes(claims, scopes)) return undefined;
    try {
      checkScopes(scopes);
    } catch (error) {
      return error as TypeError;
    }
    refused.insufficient_scope += 1;
    tell(verified, { accepted: false, code: 'insufficient_scope', by });
    return new GuardError('insufficient_scope', { scopes });
  };

  return {
    // The fastest path: without a hook it allocates nothing.
    acceptKnown(known, scopes) {
      const missing = scopes === undefined ? undefined : lacking(known.claims, scopes, 'memory');
      if (missing !== undefined) return Promise.reject(missing);
      fromMemory += 1;
      if (verified !== undefined) tell(verified, { accepted: true, by: 'memory' });
      return known.accepted;
    },
    acceptAnswered(claims, scopes = []) {
      const missing = lacking(claims, scopes, 'authority');
      if (missing !== undefined) throw missing;
      byAuthority += 1;
      tell(verified, { accepted: true, by: 'authority' });
      return claims;
    },
    refusal,
    refuse: (...refused) => Promise.reject(refusal(...refused)),
    counts: () => ({
      acceptedFromMemory: fromMemory,
      acceptedByAuthority: byAuthority,
      refused: { ...refused },
    }),
  };
}
