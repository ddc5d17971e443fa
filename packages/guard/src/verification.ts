/**
 * Decides whether a token is valid now. The fast path looks up the token's exact text among those whose signature was verified
 * and claims were strictly read. That cache alone accepts nothing: expiry, keys, lease and deny-list are checked each time.
 * Another spelling of the token is another text and goes through the strict reader.
 */

import { type Clock, momentOf } from '@countersign/verifier/clock';
import type { ReadLatestTime } from '@countersign/verifier/steadyTime';
import { createAuthorityAnswers } from './authorityAnswers.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { GuardHooks } from './hooks.ts';
import { createJudge } from './judgeKnown.ts';
import { isSignedBy, type KnownToken, knownToken } from './knownToken.ts';
import type { Mirror } from './mirror.ts';
import { createOutcomes, type GuardCounts } from './outcomes.ts';
import { createProofs } from './proofs.ts';
import type { Questions } from './questions.ts';
import { createFindLacking } from './requirements.ts';
import { createTokenMemory } from './tokenMemory.ts';
import { createUsedProofs } from './usedProofs.ts';
import type { Verify, VerifyOptions } from './verify.ts';

export interface Verification {
  /** Never throws. Rejects with `GuardError`, or with `TypeError` for malformed options, which are the service's fault. */
  readonly verify: Verify;
  counts(): GuardCounts;
  rememberedTokens(): number;
  close(): void;
}

export interface VerificationParts {
  readonly clock: Clock;
  readonly mirror: () => Mirror | undefined;
  readonly questions: Pick<Questions, 'introspect'>;
  readonly audience: string;
  readonly issuer: string | undefined;
  /** Whether the authority is asked when there is no lease. */
  readonly asks: boolean;
  readonly rememberedTokens: number;
  readonly hooks: Pick<GuardHooks, 'verified'>;
  /** One for the whole guard: once a mirror forgets a revocation, its token stays expired for all mirrors. */
  readonly latestTime: ReadLatestTime;
}

export function createVerification(parts: VerificationParts): Verification {
  const { clock, mirror: currentMirror, latestTime } = parts;
  const memory = createTokenMemory<KnownToken>(parts.rememberedTokens);
  const findLacking = createFindLacking(clock, createProofs(clock, createUsedProofs()));
  const outcomes = createOutcomes(parts.hooks.verified, findLacking);
  const { refuse } = outcomes;
  let closed = false;
  const isClosed = () => closed;
  const authority = createAuthorityAnswers({ ...parts, outcomes, isClosed });

  const judge = createJudge({
    ...{ outcomes, latestTime, asks: parts.asks, isClosed },
    forget: (known) => memory.delete(known.text),
  });

  const verifyNew = (
    token: string | undefined,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims> => {
    if (closed) return refuse('unavailable', 'memory', 'closed');
    if (typeof token !== 'string' || token === '') return refuse('token_required', 'memory', 'missing');
    const mirror = currentMirror();
    const keys = mirror?.keys.believed();
    if (mirror === undefined || keys === undefined) return authority.ask(token, options);
    const read = mirror.reader.read(token, latestTime());
    if (!read.valid) {
      if (read.fault === 'unknown_key') return authority.askAboutUnknownKey(token, options);
      return refuse('invalid_token', 'memory', read.fault);
    }
    const known = knownToken(token, read, keys);
    memory.set(known);
    return judge(known, mirror, options);
  };

  return {
    verify(token, options) {
      const mirror = currentMirror();
      const known = mirror === undefined || typeof token !== 'string' ? undefined : memory.get(token);
      // Read once: reading the clocks is most of this path's cost.
      const now = momentOf(clock);
      const keys = mirror?.keys.believed(now);
      if (known === undefined || mirror === undefined || keys === undefined) return verifyNew(token, options);
      if (keys !== known.keys && !isSignedBy(known, keys)) return verifyNew(token, options);
      const isUnchanged =
        known.mirror === mirror.identity &&
        mirror.denyList.stillHolds(known.buckets, known.version) &&
        known.expiresAt > latestTime(now.wall) &&
        mirror.holdsLease(now);
      return isUnchanged ? outcomes.acceptKnown(known, options) : judge(known, mirror, options);
    },

    counts: outcomes.counts,
    rememberedTokens: () => memory.size(),
    close() {
      closed = true;
    },
  };
}
