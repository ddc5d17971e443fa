/**
 * Completes a proof, by the link or the code of the mail: the address is verified, or replaces the old one, or the registration
 * becomes a user.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { FactorKinds } from '../../login/factors/factors.ts';
import { factorsOf } from '../../login/factors/reset/resetFactors.ts';
import { presentedPassword } from '../../login/passwords/passwordPolicy.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { factsChanged } from '../../sessions/lookUp/facts.ts';
import type { Email } from '../email.ts';
import { tryCode } from '../tryCode.ts';
import type { User } from '../user.ts';
import { type MovingParts, moveEmail } from './moveEmail.ts';
import { type ConfirmParts, checkRegistrant, confirmRegistration } from './registration.ts';

export interface VerifyEmailParts extends ConfirmParts, MovingParts, RevokingParts {
  readonly codeHash: KeyedHash;
  readonly notices: Notices;
  readonly kinds: FactorKinds;
  readonly passwordAttempts: MovingParts['passwordAttempts'] & Pick<PasswordAttempts, 'attempt'>;
}

export interface VerifyEmail {
  /**
   * A registration is confirmed with its password, and so is an address whose account has other ways to log in already: whoever only
   * reads the mail must not confirm what a stranger registered or added. Throws `invalid_link`, `invalid_credentials` for another
   * password, and where one is missing `invalid_request` or `invalid_credentials`; then the link stays good.
   */
  byLink(token: string, actor: Actor, password?: string): Promise<void>;
  /** Throws `invalid_code`. */
  byCode(userId: UserId, code: string, actor: Actor): Promise<void>;
}

export function createVerifyEmail(parts: VerifyEmailParts): VerifyEmail {
  const { database, clock } = parts;
  return {
    async byLink(token, actor, password) {
      const hash = oneTimeTokenHash(token);
      if (hash === undefined) throw new AuthorityError('invalid_link', { reason: 'malformed' });
      const { oneTimeTokens } = database;
      const now = clock.now();
      const proof = await oneTimeTokens.find(hash, 'email_proof', now);
      if (proof !== undefined) {
        const isOwner = password !== undefined && (await knowsPassword(parts, proof, actor, password));
        return take(parts, proof, { actor, now, refusal: 'invalid_link', isOwner });
      }
      const registration = await oneTimeTokens.find(hash, 'registration', now);
      if (registration === undefined) throw new AuthorityError('invalid_link', { reason: 'unknown' });
      await checkRegistrant(parts, registration, actor, password);
      await database.transaction(async (stores) => {
        if ((await stores.oneTimeTokens.take(hash, 'registration', now)) === undefined)
          throw new AuthorityError('invalid_link', { reason: 'used' });
        await confirmRegistration(parts, stores, registration, actor, now);
      });
    },

    async byCode(userId, code, actor) {
      const now = clock.now();
      const hashOf = (_: OneTimeToken, typed: string) => parts.codeHash(userId, typed);
      const proof = await tryCode(database, { userId, purpose: 'email_proof', code, now, hashOf });
      await take(parts, proof, { actor, now, refusal: 'invalid_code', isOwner: true });
    },
  };
}

/** Counted as a login's try. Throws `invalid_credentials` for another password. */
async function knowsPassword(
  { database, passwords, passwordAttempts }: VerifyEmailParts,
  { userId }: OneTimeToken,
  actor: Actor,
  text: string,
): Promise<boolean> {
  const user = userId && (await database.users.find(userId));
  if (user === undefined) return false;
  const password = presentedPassword(text, user.passwordHash);
  const isRight = await passwordAttempts.attempt(user.email, { ip: actor.ip }, (attempt) =>
    attempt.check(async () =>
      password === undefined
        ? passwords.verifyDummy('', attempt.turn)
        : passwords.verify(user.passwordHash, password, attempt.turn),
    ),
  );
  if (isRight) return true;
  throw wrongPassword('correct', 'is not the password of this account');
}

/** Somebody who only registered the address may have added them: its owner must not make them good by a click. */
async function requireNoFactors({ kinds }: VerifyEmailParts, stores: Stores, { id }: User): Promise<void> {
  if ((await factorsOf(kinds, stores, id)).length > 0)
    throw wrongPassword('required', 'is missing: other ways to log in were added to this account');
}

function wrongPassword(rule: 'correct' | 'required', message: string): AuthorityError {
  return new AuthorityError('invalid_credentials', { errors: [{ field: 'password', rule, message }] });
}

interface Applying {
  readonly actor: Actor;
  readonly now: number;
  readonly refusal: 'invalid_link' | 'invalid_code';
  /** The requester has a session of the user, or knows the password. */
  readonly isOwner: boolean;
}

async function take(
  parts: VerifyEmailParts,
  { hash, userId }: OneTimeToken,
  applying: Applying,
): Promise<void> {
  const { now, refusal } = applying;
  await revokeAndPropagate(parts, now, async (stores) => {
    // The user first, as everywhere: two in another order would wait for each other.
    const user = userId === undefined ? undefined : await stores.users.lock(userId);
    // Another request may have used or replaced it meanwhile.
    const proof = await stores.oneTimeTokens.take(hash, 'email_proof', now);
    if (proof === undefined) throw new AuthorityError(refusal, { reason: 'used' });
    if (user === undefined || user.disabledAt !== undefined)
      throw new AuthorityError(refusal, { reason: 'user' });
    await apply(parts, stores, user, { ...applying, detail: proof.detail });
  });
}

async function apply(
  parts: VerifyEmailParts,
  stores: RevokingStores,
  user: User,
  { detail, ...applying }: Applying & Pick<OneTimeToken, 'detail'>,
): Promise<void> {
  const { actor, now, refusal } = applying;
  await stores.oneTimeTokens.forget(user.id, 'email_proof');
  const email = String(detail['email']) as Email;
  if (email !== user.email) {
    // Whoever asked may have been logged out since.
    if (detail['token_version'] !== user.tokenVersion)
      throw new AuthorityError(refusal, { reason: 'version' });
    return replace(parts, stores, user, { ...applying, email, sessionId: String(detail['session_id']) });
  }
  if (user.emailVerifiedAt === undefined && !applying.isOwner) await requireNoFactors(parts, stores, user);
  await stores.users.verifyEmail(user.id, now);
  await stores.revoke([factsChanged(user.id, now)]);
  await stores.audit.record({ type: 'email_verified', actor, userId: user.id }, now);
}

async function replace(
  parts: VerifyEmailParts,
  stores: RevokingStores,
  user: User,
  { email, sessionId, actor, now, refusal }: Applying & { readonly email: Email; readonly sessionId: string },
): Promise<void> {
  if (!(await moveEmail(parts, stores, user, { email, actor, now })))
    throw new AuthorityError(refusal, { reason: 'email_taken' });
  const wasProved = user.emailVerifiedAt !== undefined;
  const takesBack = { about: 'email', oldEmail: user.email, newEmail: email, wasProved } as const;
  const occasion = { now, actor, newEmail: email, sessionId: sessionId as SessionId, takesBack };
  await parts.notices(stores, user, 'email_changed', occasion);
}
