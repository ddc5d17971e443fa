/**
 * Trying a password: counted before it is looked at, refused for a while or until recovery after too many that were wrong.
 * What one place does never keeps out another one from which the password was right before; all others share a count. An
 * e-mail that nobody has is counted alike, so nothing here tells who is registered.
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { LRUCache } from 'lru-cache';
import type { Email } from '../../accounts/email.ts';
import type { Database, Stores } from '../../database.ts';
import { ipNetwork } from '../../platform/ipAddress.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { platformLimits } from '../../platform/limits.ts';
import { createFairQueue, type Turn } from '../../platform/queues/fairQueue.ts';
import { createKeyedMutex } from '../../platform/queues/keyedMutex.ts';
import { loginLimits } from '../limits.ts';
import { hashTurn } from '../passwords/passwordHash.ts';
import {
  type Attempt,
  type AttemptSource,
  type Failures,
  judgeAttempt,
  noFailures,
} from './passwordFailures.ts';

/** Where somebody is who says a password: at an address, or in a session as well, which is known already. */
export interface Place {
  readonly ip: string | undefined;
  readonly sessionId?: SessionId;
}

export interface PasswordAttempt {
  /** Whether it was the last one before recovery, unless it succeeds. */
  readonly last: boolean;
  /** `network` that is known, `session`, or `strangers`: whose count it is. */
  readonly countedAs: 'network' | 'session' | 'strangers';
  /** Of the hash that looks at the password. */
  readonly turn: Turn;
  /** Looks at the password. The attempt counts only if it was wrong: not when looking fails, nor what comes after. */
  check(verify: () => Promise<boolean>): Promise<boolean>;
  /** A write that changes nothing: as much work as that of an event. */
  touch(): Promise<void>;
  /** In the transaction of what the password was good for. */
  succeeded(stores: Pick<Stores, 'passwordFailures'>, now: number): Promise<void>;
}

export interface PasswordAttempts {
  /**
   * Runs `work` as one attempt, in turn with others from there. Rejects without running it: `rate_limited` while the next
   * attempt has to wait, `recovery_required` after too many, `overloaded`.
   */
  attempt<T>(email: Email, place: Place, work: (attempt: PasswordAttempt) => Promise<T>): Promise<T>;
  /** How the store names the account. */
  accountOf(email: Email): Uint8Array;
  /** When the account begins, or is no more: nothing that was tried before counts. */
  forget(stores: Pick<Stores, 'passwordFailures'>, email: Email): Promise<void>;
  /** The operator lets everybody try again. */
  unlock(stores: Pick<Stores, 'passwordFailures'>, email: Email): Promise<void>;
  /** After another password was set, by somebody at this address. */
  passwordChanged(
    stores: Pick<Stores, 'passwordFailures'>,
    email: Email,
    ip: string | undefined,
    now: number,
  ): Promise<void>;
}

export interface PasswordAttemptParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly keyedHash: KeyedHash;
}

/** Losing a race each time means that others succeed: it cannot go on for long. */
const tries = 3;

export function createPasswordAttempts({
  database,
  clock,
  keyedHash,
}: PasswordAttemptParts): PasswordAttempts {
  const inTurn = createKeyedMutex({ waiting: loginLimits.passwordTurnsWaiting });
  /** Whether a place is known says the database; until then all are alike, and none may keep it busy alone. */
  const asking = createFairQueue({
    atOnce: loginLimits.passwordAttemptsAsked,
    waiting: loginLimits.passwordAttemptsWaiting,
    reason: 'password_attempts_full',
    // As long as a query: while the database is away, they are told so at the same time as those that ask it.
    patience: { clock, milliseconds: platformLimits.queryMilliseconds },
  });
  const accountOf = (email: Email) => keyedHash('account', email);
  const strangers = keyedHash('strangers');

  /** Attempts that no guess came of, and that could not be given back: a database that fails fails at that too. */
  const owed = new Set<{ readonly source: AttemptSource; readonly counted: Attempt }>();

  const sourceOf = (email: Email, place: Place): AttemptSource => {
    const account = accountOf(email);
    if (place.sessionId !== undefined) {
      const session = keyedHash('session', place.sessionId);
      return { account, place: session, strangers: session };
    }
    if (place.ip === undefined) return { account, place: strangers, strangers };
    const network = ipNetwork(place.ip, platformLimits.knownNetwork);
    return { account, place: keyedHash('network', network), strangers };
  };

  /**
   * All that is owed to the account, since places share a count. Twice, if the database did so and could not say it: then the
   * count is one too low, and nobody could have wanted that.
   */
  const giveBack = async (account: Uint8Array): Promise<void> => {
    const debts = [...owed].filter(({ source }) => Buffer.compare(source.account, account) === 0);
    for (const debt of debts) {
      // Who comes at the same time must not do so as well.
      if (!owed.delete(debt)) continue;
      try {
        await database.passwordFailures.giveBack(debt.source, debt.counted);
      } catch (error) {
        owed.add(debt);
        throw error;
      }
    }
  };

  /** Who was just told to wait, by the account and the place: whoever comes again within the second is told so without a query. */
  const waits = new LRUCache<string, { readonly failures: Failures; readonly at: number }>({
    max: loginLimits.passwordWaitsRemembered,
  });
  /** Here at once; other nodes remember for a second. */
  const forgetWaits = (account: Uint8Array): void => {
    const prefix = accountName(account);
    for (const name of [...waits.keys()]) if (name.startsWith(prefix)) waits.delete(name);
  };
  const refuseAgain = (name: string): void => {
    const { failures = noFailures, at = 0 } = waits.get(name) ?? {};
    const since = clock.now() - at;
    if (since >= 0 && since < loginLimits.passwordWaitsMilliseconds) refuse(failures, clock.now());
  };

  const take = async (source: AttemptSource): Promise<Attempt> => {
    await giveBack(source.account);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const { taken, ...counted } = await database.passwordFailures.take(source, clock.now());
      if (taken) return counted;
      const at = clock.now();
      if (judgeAttempt(counted.failures, at).kind === 'wait')
        waits.set(nameOf(source), { failures: counted.failures, at });
      refuse(counted.failures, at);
    }
    throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'password_contention' });
  };

  const run = async <T>(
    source: AttemptSource,
    place: Place,
    work: (attempt: PasswordAttempt) => Promise<T>,
  ): Promise<T> => {
    const counted = await asking.run(hashTurn(place.ip, place.sessionId !== undefined), () => take(source));
    const whose = countedAs(counted, source, place);
    let wrong = false;
    const attempt: PasswordAttempt = {
      last: counted.failures.count >= loginLimits.passwordFailuresMaximum,
      countedAs: whose,
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
      return await work(attempt);
    } catch (error) {
      // Whatever else went wrong is no guess.
      if (!wrong) {
        owed.add({ source, counted });
        await giveBack(source.account).catch(() => forgetOldest(owed, loginLimits.passwordAttemptsOwed));
      }
      throw error;
    }
  };

  return {
    accountOf,
    attempt(email, place, work) {
      const source = sourceOf(email, place);
      // Those who know the password and come at once would else be counted as guessers, each before the other succeeds.
      const name = nameOf(source);
      return inTurn(name, () => {
        refuseAgain(name);
        return run(source, place, work);
      });
    },
    async forget({ passwordFailures }, email) {
      await passwordFailures.forget(accountOf(email));
      forgetWaits(accountOf(email));
    },
    async unlock({ passwordFailures }, email) {
      await passwordFailures.unlock(accountOf(email));
      forgetWaits(accountOf(email));
    },
    async passwordChanged({ passwordFailures }, email, ip, now) {
      const source = sourceOf(email, { ip });
      forgetWaits(source.account);
      // Whoever knew the old password may have made his own network a known one.
      await passwordFailures.forget(source.account);
      if (ip === undefined) return;
      const none = { source: 'place', failures: noFailures } as const;
      await passwordFailures.succeed(source, none, now);
    },
  };
}

function countedAs(
  { source }: Attempt,
  { place: here, strangers }: AttemptSource,
  place: Place,
): PasswordAttempt['countedAs'] {
  if (place.sessionId !== undefined) return 'session';
  return source === 'strangers' || here === strangers ? 'strangers' : 'network';
}

/** Throws unless another attempt may be made after all. */
function refuse(failures: Failures, now: number): void {
  const judgement = judgeAttempt(failures, now);
  if (judgement.kind === 'recovery') {
    throw new AuthorityError('recovery_required', {
      detail:
        'After too many wrong passwords none is looked at any more. Log in from a network where that worked before, change the password in a session that lives, or ask the operator.',
      reason: 'password_failures',
    });
  }
  if (judgement.kind === 'wait') {
    const seconds = Math.ceil(judgement.milliseconds / 1000);
    throw new AuthorityError('rate_limited', {
      detail: `After wrong passwords the next one is looked at in ${seconds} s.`,
      retryAfterSeconds: seconds,
      reason: 'password_delay',
    });
  }
}

/** What is forgotten counts as a failure until the next success. */
function forgetOldest(owed: Set<unknown>, atMost: number): void {
  for (const debt of owed) {
    if (owed.size <= atMost) return;
    owed.delete(debt);
  }
}

function nameOf({ account, place }: AttemptSource): string {
  return accountName(account) + Buffer.from(place).toString('base64url');
}

function accountName(account: Uint8Array): string {
  return `${Buffer.from(account).toString('base64url')} `;
}

/** Forgets at most `limit` counts that say nothing any more; answers how many. */
export function prunePasswordFailures(
  { passwordFailures }: Pick<Database, 'passwordFailures'>,
  now: number,
  limit: number,
): Promise<number> {
  return passwordFailures.prune(now, limit);
}
