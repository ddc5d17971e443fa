/** A logged-in user proves the password again, before operations reserved for the owner. Wrong passwords count as attempts. */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor, AuditEvent, AuditEventType } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Caller } from '../../sessions/session.ts';
import type { PasswordAttempts } from '../throttling/passwordAttempts.ts';
import type { PasswordHasher } from './passwordHash.ts';
import { presentedPassword } from './passwordPolicy.ts';

export interface ProvingParts {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly passwordAttempts: PasswordAttempts;
  readonly clock: Clock;
}

/** Throws `invalid_token`: the token of the caller is good, and its user is gone. */
export async function findCaller(
  { database }: Pick<ProvingParts, 'database'>,
  { userId }: Caller,
): Promise<User> {
  const user = await database.users.find(userId);
  if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
  return user;
}

/** Throws `invalid_token` if caller or user changed since the password was proved. Locks the user's row, and returns the user. */
export async function checkUnchanged(
  { users, sessions }: Pick<Stores, 'users' | 'sessions'>,
  { id, tokenVersion }: User,
  sessionId: SessionId,
): Promise<User> {
  const locked = await users.lock(id);
  const session = await sessions.find(sessionId);
  // Another request logged out everywhere, disabled the user or changed the password since this one was admitted.
  if (locked?.tokenVersion !== tokenVersion || session === undefined || session.endedAt !== undefined)
    throw new AuthorityError('invalid_token', { reason: 'version' });
  return locked;
}

export interface Proof {
  readonly user: User;
  readonly sessionId: SessionId;
  readonly currentPassword: string;
  /** The member of the request that holds it; `current_password` by default. */
  readonly field?: string;
  readonly actor: Actor;
  /** Recorded for a wrong password. */
  readonly refusal: AuditEventType;
}

/**
 * Runs `work` after the right password. Throws `invalid_credentials` naming the field, and `rate_limited` or `recovery_required`
 * after too many wrong ones.
 */
export function provePassword<T>(parts: ProvingParts, proof: Proof, work: () => Promise<T>): Promise<T> {
  const { database, passwords, passwordAttempts, clock } = parts;
  const { user, sessionId, currentPassword, field = 'current_password', actor, refusal } = proof;
  return passwordAttempts.attempt(user.email, { sessionId, ip: actor.ip }, async (attempt) => {
    const password = presentedPassword(currentPassword, user.passwordHash);
    const isRight = async () =>
      // A user without a password looks like one who mistypes it. A one-time password only begins a login.
      password === undefined || user.passwordHash === '' || user.oneTimePasswordUntil !== undefined
        ? passwords.verifyDummy(password ?? '', attempt.turn)
        : passwords.verify(user.passwordHash, password, attempt.turn);
    if (await attempt.check(isRight)) {
      // From here on the caller knows the password, so a refusal tells a guesser nothing.
      await attempt.succeeded(database, user, clock.now());
      return work();
    }
    const about = { actor, userId: user.id, sessionId } as const;
    const refused: AuditEvent = { type: refusal, ...about };
    const locked: AuditEvent = { type: 'password_locked', ...about, reason: attempt.countedAs };
    await database.audit.recordAll(attempt.last ? [refused, locked] : [refused], clock.now());
    throw new AuthorityError('invalid_credentials', {
      errors: [{ field, rule: 'correct', message: 'is not the current password' }],
    });
  });
}
