/**
 * Completes recovery: the link of the mail, or the token that a login with a one-time password got, sets a new password, and every
 * session ends with effect. It starts no session: a login follows, with the second factor where there is one, so recovery is no way
 * around it.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { FactorKinds } from '../../login/factors/factors.ts';
import { factorsOf, forgetFactors } from '../../login/factors/reset/resetFactors.ts';
import { isAfterOneTimePassword } from '../../login/oneTimePassword.ts';
import { hashTurn, type PasswordHasher } from '../../login/passwords/passwordHash.ts';
import type { PasswordPolicy } from '../../login/passwords/passwordPolicy.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import { recoveryPurposes } from '../../notifications/links.ts';
import type { Notices } from '../../notifications/notices.ts';
import { type OneTimeDetail, type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { type RevokingParts, revokeAndPropagate } from '../../revocation/propagation/revokeAndPropagate.ts';
import { endAllOfUser } from '../../sessions/endSessions.ts';
import type { User } from '../user.ts';

export interface CompleteRecoveryParts extends RevokingParts {
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged'>;
  readonly notices: Notices;
  readonly kinds: FactorKinds;
}

export interface RecoveryCompletion {
  readonly token: string;
  readonly newPassword: string;
}

/** Throws `invalid_link`, and `password_refused`: then the link stays good. */
export type CompleteRecovery = (input: RecoveryCompletion, actor: Actor) => Promise<void>;

export function createCompleteRecovery(parts: CompleteRecoveryParts): CompleteRecovery {
  const { database, clock, passwords, passwordPolicy } = parts;
  return async ({ token, newPassword }, actor) => {
    const hash = oneTimeTokenHash(token);
    if (hash === undefined) throw invalidLink('malformed');
    // Before the password is hashed: whoever has no link costs little.
    const found = await ofEither((purpose) => database.oneTimeTokens.find(hash, purpose, clock.now()));
    const { email } = checked(found, found?.userId && (await database.users.find(found.userId)));
    const password = await passwordPolicy.check(newPassword, { field: 'new_password', email });
    const passwordHash = await passwords.hash(password, hashTurn(actor.ip, true));
    const now = clock.now();
    await revokeAndPropagate(parts, now, async (stores) => {
      // The user first, as everywhere: two in another order would wait for each other.
      const owner = found?.userId && (await stores.users.lock(found.userId));
      const taken = await ofEither((purpose) => stores.oneTimeTokens.take(hash, purpose, now));
      const user = checked(taken, owner);
      const how = taken === undefined ? 'mail' : howGiven(taken.detail);
      await recover(parts, stores, user, { passwordHash, how, actor, now });
      await endAllOfUser(stores, user.id, { reason: 'recovered', actor, now });
    });
  };
}

async function ofEither(
  ask: (purpose: string) => Promise<OneTimeToken | undefined>,
): Promise<OneTimeToken | undefined> {
  for (const purpose of recoveryPurposes) {
    const token = await ask(purpose);
    if (token !== undefined) return token;
  }
  return undefined;
}

/** Who uses a link of a mail reads that mail; the other ways prove nothing of the address. */
type HowGiven = 'mail' | 'one_time_password' | 'operator';

function howGiven(detail: OneTimeDetail): HowGiven {
  if (detail['by_operator'] === true) return 'operator';
  return isAfterOneTimePassword(detail) ? 'one_time_password' : 'mail';
}

/** The address may have changed, or the user may be gone. */
function checked(token: OneTimeToken | undefined, user: User | undefined): User {
  if (token === undefined) throw invalidLink('unknown');
  if (user === undefined || user.disabledAt !== undefined) throw invalidLink('user');
  if (user.email !== token.detail['email']) throw invalidLink('email_changed');
  return user;
}

async function recover(
  { passwordAttempts, notices, kinds }: CompleteRecoveryParts,
  stores: Stores,
  user: User,
  { passwordHash, how, actor, now }: { passwordHash: string; how: HowGiven; actor: Actor; now: number },
): Promise<void> {
  const { id: userId } = user;
  const byMail = how === 'mail';
  await stores.users.setPassword(userId, passwordHash, now);
  if (byMail && user.emailVerifiedAt === undefined) {
    await stores.users.verifyEmail(userId, now);
    await forgetStrangersFactors(kinds, stores, user, { actor, now });
  }
  await passwordAttempts.passwordChanged(stores, user, actor.ip, now);
  // A thief may have begun to change the address.
  for (const purpose of [...recoveryPurposes, 'email_proof'])
    await stores.oneTimeTokens.forget(userId, purpose);
  await stores.audit.record({ type: 'account_recovered', actor, userId, reason: how }, now);
  await notices(stores, user, byMail ? 'account_recovered' : 'password_changed', { now, actor });
}

/**
 * Until now nobody had proved the address, so a stranger may have registered it and added factors that would keep the owner out, or a
 * passkey that logs in alone.
 */
async function forgetStrangersFactors(
  kinds: FactorKinds,
  stores: Stores,
  { id: userId }: User,
  { actor, now }: { readonly actor: Actor; readonly now: number },
): Promise<void> {
  if ((await factorsOf(kinds, stores, userId)).length === 0) return;
  await forgetFactors(kinds, stores, userId);
  await stores.audit.record({ type: 'factors_reset', actor, userId, reason: 'first_proof' }, now);
}

function invalidLink(reason: string): AuthorityError {
  return new AuthorityError('invalid_link', { reason });
}
