/** What came of each token: refusals, and who counts them. */
import { type AccessTokenClaims, hasScopes } from './claims.ts';
import { checkScopes, GuardError, type GuardErrorCode } from './guardError.ts';
import { type GuardHooks, type GuardOutcome, tell } from './hooks.ts';

/** How many tokens came to which end. */
export interface GuardCounts {
  readonly acceptedFromMemory: number;
  readonly acceptedByAuthority: number;
  readonly refused: Readonly<Record<GuardErrorCode, number>>;
}

type By = GuardOutcome['by'];

export interface Outcomes {
  acceptedFromMemory(): void;
  acceptedByAuthority(): void;
  /** Counts it. `reason` and `cause` are for logs and metrics. */
  refusal(code: GuardErrorCode, by: By, reason: string, cause?: unknown): GuardError;
  /** The same, as a promise. */
  refuse(code: GuardErrorCode, by: By, reason: string, cause?: unknown): Promise<never>;
  /** The refusal of a token without these scopes; undefined when it has them. */
  lacking(claims: AccessTokenClaims, scopes: readonly string[], by: By): Error | undefined;
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

  return {
    // The quickest path of all: nothing is made where nobody listens.
    acceptedFromMemory() {
      fromMemory += 1;
      if (verified !== undefined) tell(verified, { accepted: true, by: 'memory' });
    },
    acceptedByAuthority() {
      byAuthority += 1;
      tell(verified, { accepted: true, by: 'authority' });
    },
    refusal,
    refuse: (...refused) => Promise.reject(refusal(...refused)),
    lacking(claims, scopes, by) {
      if (Array.isArray(scopes) && hasScopes(claims, scopes)) return undefined;
      try {
        checkScopes(scopes);
      } catch (error) {
        return error as TypeError;
      }
      refused.insufficient_scope += 1;
      tell(verified, { accepted: false, code: 'insufficient_scope', by });
      return new GuardError('insufficient_scope', { scopes });
    },
    counts: () => ({
      acceptedFromMemory: fromMemory,
      acceptedByAuthority: byAuthority,
      refused: { ...refused },
    }),
  };
}
