/**
 * Attempts at a password or a code. Each is counted before it is checked. After too many failures the next one has to wait, or
 * the account has to be recovered. A place where the user signed in before has its own count, so no other place can lock
 * it out; all other places share one. Attempts are counted for what the login names. A phone number has counts of its own: those of
 * its user's e-mail would reveal that they belong together. A place becomes known for both. A name without a user is counted in the same way: a count does not reveal
 * whether it is registered.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Email } from '../../accounts/email.ts';
import type { Phone } from '../../accounts/phone/phoneNumber.ts';
import type { User } from '../../accounts/user.ts';
import type { Database, Stores } from '../../database.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { platformLimits } from '../../platform/limits.ts';
import { createFairQueue, type Turn } from '../../platform/queues/fairQueue.ts';
import { createKeyedMutex } from '../../platform/queues/keyedMutex.ts';
import { loginLimits } from '../limits.ts';
import { hashTurn } from '../passwords/passwordHash.ts';
import {
  type AttemptSources,
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
  /** Resets the count, in the transaction of the operation the password allowed. The place becomes a known one of the user. */
  succeeded(stores: Counting, user: NamedUser, now: number): Promise<void>;
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
  /** When a second factor finished a login that an attempt for this name began: resets its count and makes the place a known one. */
  finished(stores: Counting, name: LoginName, ip: string | undefined, now: number): Promise<void>;
  /** After a sign-in that no attempt was counted for: the place becomes a known one, and no count changes. */
  signedIn(stores: Counting, user: NamedUser, ip: string | undefined, now: number): Promise<void>;
  /** After a number was proved from this address: all its counts are deleted, and only this place is known. */
  phoneProved(stores: Counting, number: Phone, ip: string | undefined, now: number): Promise<void>;
  /** Deletes all counts, when users are imported or deleted. */
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

/** What the user's logins name. */
export function namesOf({ email, phone }: NamedUser): readonly LoginName[] {
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
  const { know, ...counts } = createCounts({ database, clock, waits }, sources);

  const run = async <T>(
    name: LoginName,
    place: Place,
    work: (attempt: PasswordAttempt) => Promise<T>,
  ): Promise<T> => {
    const source = sources.sourceOf(name, place);
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
      async succeeded(stores, user, now) {
        await stores.passwordFailures.succeed(source, counted, now);
        await know(stores, { names: namesOf(user).filter((other) => other !== name), place, now });
      },
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

  return {
    accountOf: sources.accountOf,
    attempt(name, place, work) {
      const source = sources.sourceOf(name, place);
      // Without turns, several right passwords at once would count as guesses before the first succeeds.
      return inTurn(nameOf(source), () => {
        refuse(waits.find(source) ?? noFailures, clock.now());
        return run(name, place, work);
      });
    },
    ...counts,
  };
}

interface KnownPlace {
  readonly names: readonly LoginName[];
  readonly place: Place;
  readonly now: number;
}

/** Known places, and counts that end. */
function createCounts(
  { database, clock, waits }: Pick<TakeParts, 'database' | 'clock' | 'waits'>,
  { accountOf, sourceOf }: AttemptSources,
) {
  const know = async ({ passwordFailures }: Counting, { names, place, now }: KnownPlace): Promise<void> => {
    for (const name of names) await passwordFailures.know(sourceOf(name, place), now);
  };
  const forget: PasswordAttempts['forget'] = async ({ passwordFailures }, ...names) => {
    const accounts = names.map(accountOf);
    await passwordFailures.forget(...accounts);
    for (const account of accounts) waits.forget(account);
  };
  const beginAnew = async (stores: Counting, known: KnownPlace): Promise<void> => {
    await forget(stores, ...known.names);
    await know(stores, known);
  };
  const ends: Omit<PasswordAttempts, 'attempt' | 'accountOf'> = {
    forget,
    isKnownPlace: (name, { ip }) => database.passwordFailures.isKnown(sourceOf(name, { ip }), clock.now()),
    async finished({ passwordFailures }, name, ip, now) {
      const from = sourceOf(name, { ip });
      const source = (await passwordFailures.isKnown(from, now)) ? 'place' : 'strangers';
      await passwordFailures.succeed(from, { source, failures: noFailures }, now);
    },
    signedIn: (stores, user, ip, now) => know(stores, { names: namesOf(user), place: { ip }, now }),
    // Somebody who knew the old password may have made their network a known one.
    passwordChanged: (stores, user, ip, now) =>
      beginAnew(stores, { names: namesOf(user), place: { ip }, now }),
    // Guesses of codes that went to the earlier owner must not lock this one out.
    phoneProved: (stores, number, ip, now) => beginAnew(stores, { names: [number], place: { ip }, now }),
    async unlock({ passwordFailures }, user) {
      for (const account of namesOf(user).map(accountOf)) {
        await passwordFailures.unlock(account);
        waits.forget(account);
      }
    },
  };
  return { ...ends, know };
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
