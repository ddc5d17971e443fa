/**
 * Wrong passwords in a row. Owns when a further attempt has to wait and when the account has to be recovered, and the
 * port that counts. An attempt counts as a failure before the password is looked at, and a success takes that back:
 * a hundred at once are not a hundred free ones. Does not own whose count it is, nor what is said to whom.
 */
import { loginLimits } from '../limits.ts';

/** A count in a row. Times are milliseconds since the Unix epoch. */
export interface Failures {
  readonly count: number;
  /** Before this, a password is not looked at; 0 for no wait, by the clock of whichever node. */
  readonly retryAt: number;
}

export const noFailures: Failures = { count: 0, retryAt: 0 };

export type Judgement =
  | { readonly kind: 'attempt'; readonly after: Failures }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'recovery' };

/** The rule. The statement of the store repeats it, so that two that come at once cannot both be the last one. */
export function judgeAttempt({ count, retryAt }: Failures, now: number): Judgement {
  if (count >= loginLimits.passwordFailuresMaximum) return { kind: 'recovery' };
  const wait = retryAt - now;
  // A longer wait was never given: the clock that gave it was ahead, and nobody waits until others have caught up.
  if (wait > 0 && wait <= loginLimits.passwordDelayMilliseconds) return { kind: 'wait', milliseconds: wait };
  const delay = delayAfter(count + 1);
  return { kind: 'attempt', after: { count: count + 1, retryAt: delay === 0 ? 0 : now + delay } };
}

/** The wait after so many failures in a row, in milliseconds. */
export function delayAfter(count: number): number {
  const beyond = count - loginLimits.passwordFailuresFree;
  if (beyond < 0) return 0;
  return Math.min(
    loginLimits.passwordDelayMilliseconds,
    loginLimits.passwordDelayFirstMilliseconds * 2 ** beyond,
  );
}

/** Whose failures they are. Hashes of 32 bytes: the store learns neither an e-mail nor a network. */
export interface AttemptSource {
  /** An e-mail address, whether a user has it or not. */
  readonly account: Uint8Array;
  /** The place that the attempt comes from. It has a count of its own once the password was right there. */
  readonly place: Uint8Array;
  /** All other places share this one. */
  readonly strangers: Uint8Array;
}

export interface Attempt {
  readonly source: 'place' | 'strangers';
  readonly failures: Failures;
}

export interface PasswordFailureStore {
  /** Counts an attempt, if the rule allows one: one statement, so that each sees what was counted before it. */
  take(from: AttemptSource, now: number): Promise<Attempt & { readonly taken: boolean }>;
  /** Takes an attempt back of which nothing came. */
  giveBack(from: AttemptSource, attempt: Attempt): Promise<void>;
  /** Writes the count of this attempt once more, as it is: as much work as an event of the audit trail, which it stands for. */
  touch(from: AttemptSource, attempt: Attempt, now: number): Promise<void>;
  /** Sets the count of this attempt back to nothing, and from now on the place has one of its own. */
  succeed(from: AttemptSource, attempt: Attempt, now: number): Promise<void>;
  /** Sets every count of the account back to nothing; places that have one of their own keep it. */
  unlock(account: Uint8Array): Promise<void>;
  /** Forgets the places too. */
  forget(account: Uint8Array): Promise<void>;
  /**
   * Deletes at most `limit` rows that say nothing any more; answers how many. Never one that locks its account; of those below,
   * a place that is known after it was not used for long, and any other after as many days as it has failures, with a maximum.
   */
  prune(now: number, limit: number): Promise<number>;
}
