/** Accepts and refuses tokens, counts both, and calls the hooks. */
import type { Clock } from '@countersign/verifier/clock';
import { isAuthenticated } from '@countersign/verifier/tokens/bearerToken';
import { type AccessTokenClaims, hasScopes } from './claims.ts';
import { checkNeeded, checkScopes, GuardError, type GuardErrorCode } from './guardError.ts';
import { type GuardHooks, type GuardOutcome, tell } from './hooks.ts';
import type { KnownToken } from './knownToken.ts';
import type { VerifyOptions } from './verify.ts';

/** Numbers of accepted tokens, and of refused ones by error. */
export interface GuardCounts {
  readonly acceptedFromMemory: number;
  readonly acceptedByAuthority: number;
  readonly refused: Readonly<Record<GuardErrorCode, number>>;
}

type By = GuardOutcome['by'];

export interface Outcomes {
  /** Accepts a token that memory decided on, if it has what the options ask for. */
  acceptKnown(
    known: Pick<KnownToken, 'claims' | 'accepted'>,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims>;
  /** The claims of a token the authority answered for. Throws when it lacks what the options ask for. */
  acceptAnswered(claims: AccessTokenClaims, options: VerifyOptions | undefined): AccessTokenClaims;
  /** Counts a refusal, and returns it. `reason` and `cause` are for logs and metrics. */
  refusal(code: GuardErrorCode, by: By, reason: string, cause?: unknown): GuardError;
  /** As `refusal`, in a rejected promise. */
  refuse(code: GuardErrorCode, by: By, reason: string, cause?: unknown): Promise<never>;
  counts(): GuardCounts;
}

export function createOutcomes(verified: GuardHooks['verified'], clock: Pick<Clock, 'now'>): Outcomes {
  const refused = {
    ...{ token_required: 0, invalid_token: 0, insufficient_user_authentication: 0 },
    ...{ insufficient_scope: 0, unavailable: 0 },
  };
  let fromMemory = 0;
  let byAuthority = 0;

  const refusal: Outcomes['refusal'] = (code, by, reason, cause) => {
    refused[code] += 1;
    tell(verified, { accepted: false, code, reason, by });
    return new GuardError(code, { reason, cause });
  };

  const refusedFor = (
    code: 'insufficient_scope' | 'insufficient_user_authentication',
    by: By,
    details: ConstructorParameters<typeof GuardError>[1],
  ): Error => {
    refused[code] += 1;
    tell(verified, { accepted: false, code, by });
    return new GuardError(code, details);
  };

  /** The refusal of a token without these scopes; undefined if it has them. */
  const lackingScope = (claims: AccessTokenClaims, scopes: readonly string[], by: By): Error | undefined => {
    if (Array.isArray(scopes) && hasScopes(claims, scopes)) return undefined;
    checkScopes(scopes);
    return refusedFor('insufficient_scope', by, { scopes });
  };

  /** The refusal of a token whose user has to prove more; undefined if not. */
  const lackingProof = (claims: AccessTokenClaims, needed: VerifyOptions, by: By): Error | undefined => {
    const { maxAgeSeconds, acr } = needed;
    if (maxAgeSeconds === undefined && acr === undefined) return undefined;
    checkNeeded(needed);
    if (isAuthenticated(claims, needed, clock.now())) return undefined;
    return refusedFor('insufficient_user_authentication', by, { needed: { maxAgeSeconds, acr } });
  };

  /** Undefined for a token that has what the options ask for. A scope first: no proof helps where one is missing. */
  const lacking = (claims: AccessTokenClaims, options: VerifyOptions, by: By): Error | undefined => {
    try {
      const { scopes } = options;
      const missing = scopes === undefined ? undefined : lackingScope(claims, scopes, by);
      return missing ?? lackingProof(claims, options, by);
    } catch (error) {
      return error as TypeError;
    }
  };

  return {
    // The fastest path: without a hook it allocates nothing.
    acceptKnown(known, options) {
      const missing = options === undefined ? undefined : lacking(known.claims, options, 'memory');
      if (missing !== undefined) return Promise.reject(missing);
      fromMemory += 1;
      if (verified !== undefined) tell(verified, { accepted: true, by: 'memory' });
      return known.accepted;
    },
    acceptAnswered(claims, options = {}) {
      const missing = lacking(claims, options, 'authority');
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
