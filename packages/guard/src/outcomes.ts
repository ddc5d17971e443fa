/** Accepts and refuses tokens, counts both, and calls the hooks. */
import type { AccessTokenClaims } from './claims.ts';
import { GuardError, type GuardErrorCode } from './guardError.ts';
import { type GuardHooks, type GuardOutcome, tell } from './hooks.ts';
import type { KnownToken } from './knownToken.ts';
import type { FindLacking } from './requirements.ts';
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
    known: Pick<KnownToken, 'claims' | 'accepted' | 'text'>,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims>;
  /** The claims of a token the authority answered for. Throws when it lacks what the options ask for. */
  acceptAnswered(
    token: string,
    claims: AccessTokenClaims,
    options: VerifyOptions | undefined,
  ): AccessTokenClaims;
  /** Counts a refusal, and returns it. `reason` and `cause` are for logs and metrics. */
  refusal(code: GuardErrorCode, by: By, reason: string, cause?: unknown): GuardError;
  /** As `refusal`, in a rejected promise. */
  refuse(code: GuardErrorCode, by: By, reason: string, cause?: unknown): Promise<never>;
  counts(): GuardCounts;
}

export function createOutcomes(verified: GuardHooks['verified'], findLacking: FindLacking): Outcomes {
  const refused = {
    ...{ token_required: 0, invalid_token: 0, invalid_dpop_proof: 0, insufficient_user_authentication: 0 },
    ...{ insufficient_scope: 0, unavailable: 0 },
  };
  let fromMemory = 0;
  let byAuthority = 0;

  const refusal: Outcomes['refusal'] = (code, by, reason, cause) => {
    refused[code] += 1;
    tell(verified, { accepted: false, code, reason, by });
    return new GuardError(code, { reason, cause });
  };

  /** Undefined for a token that has what the options ask for. */
  const lacking = (
    token: string,
    claims: AccessTokenClaims,
    options: VerifyOptions,
    by: By,
  ): Error | undefined => {
    try {
      const found = findLacking(token, claims, options);
      if (found === undefined) return undefined;
      const { code, details } = found;
      const { reason } = details;
      refused[code] += 1;
      tell(verified, { accepted: false, code, by, ...(reason === undefined ? {} : { reason }) });
      return new GuardError(code, details);
    } catch (error) {
      return error as TypeError;
    }
  };

  return {
    // The fastest path: without a hook it allocates nothing.
    acceptKnown(known, options) {
      const missing =
        options === undefined && known.claims.cnf === undefined
          ? undefined
          : lacking(known.text, known.claims, options ?? {}, 'memory');
      if (missing !== undefined) return Promise.reject(missing);
      fromMemory += 1;
      if (verified !== undefined) tell(verified, { accepted: true, by: 'memory' });
      return known.accepted;
    },
    acceptAnswered(token, claims, options = {}) {
      const missing = lacking(token, claims, options, 'authority');
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
