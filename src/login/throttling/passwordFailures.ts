/**
 * Wrong passwords in a row. Owns when the next attempt must wait, when the account must be recovered, and the port that counts.
 * An attempt counts as a failure before the password is checked, and success takes it back: otherwise a hundred parallel attempts
 * would all be free. Does not own whose count it is, or the answers.
 */
import { loginLimits } from '../limits.ts';

/** A count of consecutive failures. Times are milliseconds since the Unix epoch. */
export interface Failures {
  readonly count: number;
  /** No password is checked before this time, by any node's clock; 0 for no wait. */
  readonly retryAt: number;
}

export const noFailures: Failures = { count: 0, retryAt: 0 };

export type Judgement =
  | { readonly kind: 'attempt'; readonly after: Failures }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'recovery' };

/** The rule. The store's statement repeats it, so that two parallel attempts cannot both be the last one. */
export function judgeAttempt({ count, retryAt }: Failures, now: number): Judgement {
  if (count >= loginLimits.passwordFailuresMaximum) return { kind: 'recovery' };
  const wait = retryAt - now;
  // No wait is ever longer: a clock that was ahead wrote it, so ignore it.
  if (wait > 0 && wait <= loginLimits.passwordDelayMilliseconds) return { kind: 'wait', milliseconds: wait };
  const delay = delayAfter(count + 1);
  return { kind: 'attempt', after: { count: count + 1, retryAt: delay === 0 ? 0 : now + delay } };
}

/** The wait after this many consecutive failures, in milliseconds. */
export function delayAfter(count: number): number {
  const beyond = count - loginLimits.passwordFailuresFree;
  if (beyond < 0) return 0;
  return Math.min(
    loginLimits.passwordDelayMilliseconds,
    loginLimits.passwordDelayFirstMilliseconds * 2 ** beyond,
  );
}

/** The counts an attempt belongs to. Hashes of 32 bytes: the store learns neither name nor network. */
export interface AttemptSource {
  /** An e-mail address or a phone number, registered or not. */
  readonly account: Uint8Array;
  /** The attempt's place; it gets its own count after the right password. */
  readonly place: Uint8Array;
  /** Shared by all unknown places. */
  readonly strangers: Uint8Array;
}

export interface Attempt {
  readonly source: 'place' | 'strangers';
  readonly failures: Failures;
}

export interface PasswordFailureStore {
  /** Counts an attempt if the rule allows it, in one statement, so that each attempt sees all earlier ones. */
  take(from: AttemptSource, now: number): Promise<Attempt & { readonly taken: boolean }>;
  /** Takes an attempt back. */
  giveBack(from: AttemptSource, attempt: Attempt): Promise<void>;
  /** Rewrites the attempt's count unchanged: as much work as the audit event it replaces. */
  touch(from: AttemptSource, attempt: Attempt, now: number): Promise<void>;
  /** Resets the attempt's count and makes the place a known one. */
  succeed(from: AttemptSource, attempt: Attempt, now: number): Promise<void>;
  /** Makes the place a known one, and leaves its count as it is. Does nothing without a place. */
  know(from: AttemptSource, now: number): Promise<void>;
  /** Whether the place is a known one. The same work for every account. */
  isKnown(from: AttemptSource, now: number): Promise<boolean>;
  /** Resets every count of the account; known places stay known. */
  unlock(account: Uint8Array): Promise<void>;
  /** Deletes the counts and the known places. */
  forget(...accounts: readonly Uint8Array[]): Promise<void>;
  /**
   * Deletes at most `limit` expired rows; returns how many. Never a count that locks its account. A known place expires when
   * unused for long; any other count after as many days as it has failures, up to a maximum.
   */
  prune(now: number, limit: number): Promise<number>;
}
