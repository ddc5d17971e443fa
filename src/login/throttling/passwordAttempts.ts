/**
 * Attempts at a password or a code. Each is counted before it is checked. After too many failures the next one has to wait, or
 * the account has to be recovered. A place where the user signed in before has its own count, so no other place can lock
 * it out; all other places share one. Attempts are counted for what the login names. A phone number has counts of its own: those of
 * its user's e-mail would reveal that they belong together. A name without a user is counted in the same way: a count does not reveal
 * whether it is registered.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Email } from '../../accounts/email.ts';
import type { User } from '../../accounts/user.ts';
import type { Database, Stores } from '../../database.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { platformLimits } from '../../platform/limits.ts';
import { createFairQueue, type Turn } from '../../platform/queues/fairQueue.ts';
import { createKeyedMutex } from '../../platform/queues/keyedMutex.ts';
import { loginLimits } from '../limits.ts';
import { hashTurn } from '../passwords/passwordHash.ts';
import {
  type CountedAs,
  countedAs,
  createAttemptSources,
  type LoginName,
  type Place,
} from './attemptSources.ts';
import { createOwedAttempts } from './owedAttempts.ts';
import {
  type Attempt,
  type AttemptSource,
  type Failures,
  judgeAttempt,
  noFailures,
} from './passwordFailures.ts';
import { createRememberedWaits, nameOf, type RememberedWaits } from './rememberedWaits.ts';

export interface PasswordAttempt {
  /** If this attempt fails, the account must be recovered. */
  readonly last: boolean;
  readonly countedAs: CountedAs;
  /** Failures in a row before this attempt, in the count that it belongs to. */
  readonly refusals: number;
  /** For the queue of password hashes. */
  readonly turn: Turn;
  /** Checks the password. The attempt counts as a failure only if the password was wrong, not if a later step fails. */
  check(verify: () => Promise<boolean>): Promise<boolean>;
  /** A write that changes nothing and takes as long as an audit event. */
  touch(): Promise<void>;
  /** Resets the count, in the transaction of the operation the password allowed. */
  succeeded(stores: Pick<Stores, 'passwordFailures'>, now: number): Promise<void>;
}

export interface PasswordAttempts {
  /**
   * Runs `work` as one attempt, after earlier ones from the same place. Rejects without running it: `rate_limited` while the
   * next attempt has to wait, `recovery_required` after too many failures, `overloaded`.
   */
  attempt<T>(name: LoginName, place: Place, work: (attempt: PasswordAttempt) => Promise<T>): Promise<T>;
  /** The store's name for the account. */
  accountOf(email: Email): Uint8Array;
  /** Whether the user with this name signed in from there, whether there is one or not: the same work. */
  isKnownPlace: IsKnownPlace;
  /** When a second factor finished a login that an attempt for this name began: does what `succeeded` of that attempt would do. */
  finished(stores: Counting, name: LoginName, ip: string | undefined, now: number): Promise<void>;
  /** After a sign-in that no attempt was counted for: the place becomes a known one, and no count changes. */
  signedIn(stores: Counting, email: Email, ip: string | undefined, now: number): Promise<void>;
  /** Deletes all counts, when users are imported or deleted, or a phone changes hands. */
  forget(stores: Counting, ...names: readonly LoginName[]): Promise<void>;
  /** The operator lets everybody try again. */
  unlock(stores: Counting, user: NamedUser): Promise<void>;
  /** Call after a new password was set from this address. */
  passwordChanged(stores: Counting, user: NamedUser, ip: string | undefined, now: number): Promise<void>;
}

export type IsKnownPlace = (name: LoginName, place: { readonly ip?: string | undefined }) => Promise<boolean>;

type Counting = Pick<Stores, 'passwordFailures'>;

/** Without a phone where the user cannot have one yet. */
type NamedUser = Pick<User, 'email'> & Partial<Pick<User, 'phone'>>;

function namesOf({ email, phone }: NamedUser): readonly LoginName[] {
  return phone === undefined ? [email] : [email, phone.number];
}

export interface PasswordAttemptParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly keyedHash: KeyedHash;
  /** Failures in a row before the account must be recovered; at most `passwordFailuresMaximum`, which the store knows. */
  readonly locksAfter: number;
}

/** An attempt only loses a race when another one succeeds, so few tries suffice. */
const tries = 3;

export function createPasswordAttempts({
  database,
  clock,
  keyedHash,
  locksAfter,
}: PasswordAttemptParts): PasswordAttempts {
  const sources = createAttemptSources(keyedHash);
  const { accountOf } = sources;
  const waits = createRememberedWaits(clock);
  const owed = createOwedAttempts(database);
  const inTurn = createKeyedMutex({ waiting: loginLimits.passwordTurnsWaiting });
  /** Only the database knows which places are known. Until it answers, all attempts share its time fairly. */
  const asking = createFairQueue({
    atOnce: loginLimits.passwordAttemptsAsked,
    waiting: loginLimits.passwordAttemptsWaiting,
    reason: 'password_attempts_full',
    // Equal to the query's time limit: during an outage, waiting attempts fail together with asking ones.
    patience: { clock, milliseconds: platformLimits.queryMilliseconds },
  });

  const take = createTake({ database, clock, waits, owed });

  const run = async <T>(
    source: AttemptSource,
    place: Place,
    work: (attempt: PasswordAttempt) => Promise<T>,
  ): Promise<T> => {
    const counted = await asking.run(hashTurn(place.ip, place.sessionId !== undefined), () => take(source));
    const whose = countedAs(counted, source, place);
    let wrong = false;
    const attempt: PasswordAttempt = {
      last: counted.failures.count >= locksAfter,
      countedAs: whose,
      refusals: counted.failures.count - 1,
      turn: hashTurn(place.ip, whose !== 'strangers'),
      async check(verify) {
        const right = await verify();
        wrong = !right;
        return right;
      },
      touch: () => database.passwordFailures.touch(source, counted, clock.now()),
      succeeded: (stores, now) => stores.passwordFailures.succeed(source, counted, now),
    };
    try {
      // The store only knows the maximum.
      if (counted.failures.count > locksAfter) throw recoveryRequired();
      return await work(attempt);
    } catch (error) {
      // Any other failure is not a guess.
      if (!wrong) await owed.giveBack(source, counted);
      throw error;
    }
  };

  const forget: PasswordAttempts['forget'] = async ({ passwordFailures }, ...names) => {
    const accounts = names.map(accountOf);
    await passwordFailures.forget(...accounts);
    for (const account of accounts) waits.forget(account);
  };

  return {
    accountOf,
    attempt(name, place, work) {
      const source = sources.sourceOf(name, place);
      // Without turns, several right passwords at once would count as guesses before the first succeeds.
      return inTurn(nameOf(source), () => {
        refuse(waits.find(source) ?? noFailures, clock.now());
        return run(source, place, work);
      });
    },
    ...createKnownPlaces({ database, clock }, sources),
    forget,
    async unlock({ passwordFailures }, user) {
      for (const account of namesOf(user).map(accountOf)) {
        await passwordFailures.unlock(account);
        waits.forget(account);
      }
    },
    async passwordChanged(stores, user, ip, now) {
      // Somebody who knew the old password may have made their network a known one.
      await forget(stores, ...namesOf(user));
      await stores.passwordFailures.know(sources.sourceOf(user.email, { ip }), now);
    },
  };
}

/** Places that a sign-in makes known ones. */
function createKnownPlaces(
  { database, clock }: Pick<PasswordAttemptParts, 'database' | 'clock'>,
  sources: ReturnType<typeof createAttemptSources>,
): Pick<PasswordAttempts, 'isKnownPlace' | 'signedIn' | 'finished'> {
  return {
    isKnownPlace: (name, { ip }) =>
      database.passwordFailures.isKnown(sources.sourceOf(name, { ip }), clock.now()),
    async finished({ passwordFailures }, name, ip, now) {
      const from = sources.sourceOf(name, { ip });
      const source = (await passwordFailures.isKnown(from, now)) ? 'place' : 'strangers';
      await passwordFailures.succeed(from, { source, failures: noFailures }, now);
    },
    signedIn: ({ passwordFailures }, email, ip, now) =>
      passwordFailures.know(sources.sourceOf(email, { ip }), now),
  };
}

interface TakeParts extends Pick<PasswordAttemptParts, 'database' | 'clock'> {
  readonly waits: RememberedWaits;
  readonly owed: ReturnType<typeof createOwedAttempts>;
}

/** Counts an attempt. Throws unless it is allowed. */
function createTake({ database, clock, waits, owed }: TakeParts) {
  return async (source: AttemptSource): Promise<Attempt> => {
    await owed.settle(source.account);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const { taken, ...counted } = await database.passwordFailures.take(source, clock.now());
      if (taken) return counted;
      const now = clock.now();
      if (judgeAttempt(counted.failures, now).kind === 'wait') waits.add(source, counted.failures);
      refuse(counted.failures, now);
    }
    throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'password_contention' });
  };
}

/** Throws unless another attempt is allowed. */
function refuse(failures: Failures, now: number): void {
  const judgement = judgeAttempt(failures, now);
  if (judgement.kind === 'recovery') throw recoveryRequired();
  if (judgement.kind === 'wait') {
    const seconds = Math.ceil(judgement.milliseconds / 1000);
    throw new AuthorityError('rate_limited', {
      detail: `Too many wrong passwords; try again in ${seconds} s.`,
      retryAfterSeconds: seconds,
      reason: 'password_delay',
    });
  }
}

/** Deletes at most `limit` outdated counts; returns how many. */
export function prunePasswordFailures(
  { passwordFailures }: Pick<Database, 'passwordFailures'>,
  now: number,
  limit: number,
): Promise<number> {
  return passwordFailures.prune(now, limit);
}

function recoveryRequired(): AuthorityError {
  return new AuthorityError('recovery_required', {
    detail:
      'Too many wrong passwords: no password is checked any more. Log in from a network where it worked before, change the password in a live session, recover by mail, or ask the operator.',
    reason: 'password_failures',
  });
}
