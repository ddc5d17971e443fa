/**
 * Is this token good, now? The quick path is a look-up of its exact text: whoever accepted it before has verified its
 * signature and read its claims strictly. That memory alone accepts nothing: expiry, keys, lease and deny-list are asked
 * each time. Another spelling of the token is another text, and goes through the strict reader.
 */

import { type Clock, momentOf } from '@countersign/verifier/clock';
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Verdict } from '@countersign/verifier/revocation/denyList';
import type { ReadLatestTime } from '@countersign/verifier/steadyTime';
import { type AccessTokenClaims, claimsOfIntrospection, ownClaims } from './claims.ts';
import type { GuardHooks } from './hooks.ts';
import type { Mirror } from './mirror.ts';
import { createOutcomes, type GuardCounts } from './outcomes.ts';
import type { Questions } from './questions.ts';
import type { KeySet } from './subscriberKeys.ts';
import { createTokenMemory } from './tokenMemory.ts';
import { type AskAboutUnknownKey, createUnknownKeys } from './unknownKeys.ts';

export interface VerifyOptions {
  /** All of them are needed. */
  readonly scopes?: readonly string[];
}

export interface Verification {
  /** Rejects with `GuardError`, and never throws. With `TypeError` for scopes that can be none: that is no fault of the token. */
  verify(token: string | undefined, options?: VerifyOptions): Promise<AccessTokenClaims>;
  counts(): GuardCounts;
  rememberedTokens(): number;
  close(): void;
}

interface Known {
  readonly text: string;
  readonly claims: AccessTokenClaims;
  readonly expiresAt: number;
  /** Made once: to be awaited often costs nothing. */
  readonly accepted: Promise<AccessTokenClaims>;
  readonly subjects: readonly Uint8Array[];
  readonly issuedAt: number;
  readonly keySubject: Uint8Array;
  /** The keys of which one was seen to be the one that signed it. */
  keys: KeySet;
  /** The deny-list of this mirror did not have it in this version. Not the mirror itself: its filters are large. */
  mirror: Mirror['identity'] | undefined;
  version: number;
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
  /** One for the whole guard: what any mirror has forgotten has expired. */
  readonly latestTime: ReadLatestTime;
}

export function createVerification(parts: VerificationParts): Verification {
  const { clock, mirror: currentMirror, questions, audience, issuer, asks, latestTime } = parts;
  const memory = createTokenMemory<Known>(parts.rememberedTokens);
  const outcomes = createOutcomes(parts.hooks.verified);
  const { refusal, refuse } = outcomes;
  const askAboutUnknownKey = createUnknownKeys(parts);
  let closed = false;

  const acceptKnown = (known: Known, options: VerifyOptions | undefined): Promise<AccessTokenClaims> => {
    const { scopes } = options ?? {};
    if (scopes !== undefined) {
      const lacking = outcomes.lacking(known.claims, scopes, 'memory');
      if (lacking !== undefined) return Promise.reject(lacking);
    }
    outcomes.acceptedFromMemory();
    return known.accepted;
  };
  const acceptAnswered = (claims: AccessTokenClaims, { scopes = [] }: VerifyOptions = {}) => {
    const lacking = outcomes.lacking(claims, scopes, 'authority');
    if (lacking !== undefined) throw lacking;
    outcomes.acceptedByAuthority();
    return claims;
  };

  /** At once where memory decides. */
  const judge = (
    known: Known,
    mirror: Mirror,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims> => {
    if (known.expiresAt <= latestTime()) {
      memory.delete(known.text);
      return refuse('invalid_token', 'memory', 'expired');
    }
    if (known.claims.iss !== mirror.issuer) return refuse('invalid_token', 'memory', 'issuer');
    const underLease = mirror.holdsLease();
    if (!underLease && !asks) return refuse('unavailable', 'memory', 'no_lease');
    // Noted before anything is asked: what is added from here on is not part of the answer.
    const version = mirror.denyList.version();
    const verdict = mirror.denyList.check(known.subjects, known.issuedAt);
    if (verdict instanceof Promise)
      return judgeLater(known, verdict, underLease ? { mirror, version } : {}, options);
    // It stays remembered: who tries it again and again must not cost a verified signature each time.
    if (verdict.revoked) return refuse('invalid_token', 'memory', 'revoked');
    known.mirror = mirror.identity;
    known.version = version;
    return acceptKnown(known, options);
  };

  const judgeLater = async (
    known: Known,
    asked: Promise<Verdict>,
    { mirror, version = 0 }: { mirror?: Mirror; version?: number },
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims> => {
    const verdict = await asked.catch((error) => {
      throw refusal('unavailable', 'authority', reasonOf(error), error);
    });
    if (verdict.revoked) throw refusal('invalid_token', 'authority', 'revoked');
    if (closed) throw refusal('unavailable', 'authority', 'closed');
    if (known.expiresAt <= latestTime()) throw refusal('invalid_token', 'authority', 'expired');
    // What is revoked after this answer will be added, and change the version, before anybody relies on that.
    if (mirror !== undefined) {
      known.mirror = mirror.identity;
      known.version = version;
    }
    return acceptAnswered(known.claims, options);
  };

  const verifyNew = (
    token: string | undefined,
    options: VerifyOptions | undefined,
  ): Promise<AccessTokenClaims> => {
    if (closed) return refuse('unavailable', 'memory', 'closed');
    if (typeof token !== 'string' || token === '') return refuse('token_required', 'memory', 'missing');
    const mirror = currentMirror();
    const keys = mirror?.keys.believed();
    if (mirror === undefined || keys === undefined) return askAbout(token, options);
    const read = mirror.reader.read(token, latestTime());
    if (!read.valid) {
      if (read.fault === 'unknown_key') return askAbout(token, options, askAboutUnknownKey);
      return refuse('invalid_token', 'memory', read.fault);
    }
    const claims = ownClaims(read.claims);
    const known: Known = {
      text: token,
      claims,
      expiresAt: claims.exp * 1000,
      accepted: Promise.resolve(claims),
      subjects: [...read.jti.subjects, read.keySubject],
      issuedAt: read.jti.issuedAt,
      keySubject: read.keySubject,
      keys,
      mirror: undefined,
      version: 0,
    };
    memory.set(known);
    return judge(known, mirror, options);
  };

  /** Where there is no key to verify it with. */
  const askAbout = async (
    token: string,
    options: VerifyOptions | undefined,
    ask: AskAboutUnknownKey = questions.introspect,
  ): Promise<AccessTokenClaims> => {
    if (!compactShape.test(token) || token.length > verifierLimits.tokenCharacters)
      throw refusal('invalid_token', 'memory', 'malformed');
    if (!asks && currentMirror()?.holdsLease() !== true) throw refusal('unavailable', 'memory', 'no_lease');
    const answer = await ask(token).catch((error) => {
      throw refusal('unavailable', 'authority', 'not_answered', error);
    });
    if (closed) throw refusal('unavailable', 'authority', 'closed');
    if (answer === undefined) throw refusal('invalid_token', 'memory', 'unknown_key');
    const expected = { issuer: issuer ?? currentMirror()?.issuer ?? answer.iss, audience, now: latestTime() };
    const fault = faultOfAnswer(answer, expected);
    if (fault !== undefined) throw refusal('invalid_token', 'authority', fault);
    return acceptAnswered(claimsOfIntrospection(answer), options);
  };

  return {
    verify(token, options) {
      const mirror = currentMirror();
      const known = mirror === undefined || typeof token !== 'string' ? undefined : memory.get(token);
      // Once: reading the clocks is most of what this path costs.
      const now = momentOf(clock);
      const keys = mirror?.keys.believed(now);
      if (known === undefined || mirror === undefined || keys === undefined) return verifyNew(token, options);
      if (keys !== known.keys && !isSignedBy(known, keys)) return verifyNew(token, options);
      const stillSo =
        known.mirror === mirror.identity &&
        known.version === mirror.denyList.version() &&
        known.expiresAt > latestTime(now.wall) &&
        mirror.holdsLease(now);
      return stillSo ? acceptKnown(known, options) : judge(known, mirror, options);
    },

    counts: outcomes.counts,
    rememberedTokens: () => memory.size(),
    close() {
      closed = true;
    },
  };
}

const compactShape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

/** Whether the key that signed it is among these; the same key is the same object in every set. */
function isSignedBy(known: Known, keys: KeySet): boolean {
  for (const { subject } of keys.values()) {
    if (subject !== known.keySubject) continue;
    known.keys = keys;
    return true;
  }
  return false;
}

function faultOfAnswer(
  { active, iss, aud, exp }: IntrospectResponse__Output,
  expected: { issuer: string; audience: string; now: number },
): string | undefined {
  if (!active) return 'inactive';
  if (iss !== expected.issuer) return 'issuer';
  if (aud !== expected.audience) return 'audience';
  return exp * 1000 <= expected.now ? 'expired' : undefined;
}

function reasonOf(error: unknown): string {
  return (error instanceof AuthorityError ? error.reason : undefined) ?? 'not_answered';
}
