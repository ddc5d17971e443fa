/**
 * Completes a proof, by the link or the code of the mail: the address is verified, or replaces the old one, or the registration
 * becomes a user.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { KeyedHash } from '../../platform/keyedHash.ts';
import { type OneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { Email } from '../email.ts';
import { tryCode } from '../tryCode.ts';
import type { User } from '../user.ts';
import { type MovingParts, moveEmail } from './moveEmail.ts';
import { type ConfirmParts, confirmRegistration } from './registration.ts';

export interface VerifyEmailParts extends ConfirmParts, MovingParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly codeHash: KeyedHash;
  readonly notices: Notices;
  readonly passwordAttempts: MovingParts['passwordAttempts'];
}

export interface VerifyEmail {
  /** Throws `invalid_link`. */
  byLink(token: string, actor: Actor): Promise<void>;
  /** Throws `invalid_code`. */
  byCode(userId: UserId, code: string, actor: Actor): Promise<void>;
}

export function createVerifyEmail(parts: VerifyEmailParts): VerifyEmail {
  const { database, clock } = parts;
  return {
    async byLink(token, actor) {
      const hash = oneTimeTokenHash(token);
      if (hash === undefined) throw new AuthorityError('invalid_link', { reason: 'malformed' });
      const now = clock.now();
      await database.transaction(async (stores) => {
        const proof = await stores.oneTimeTokens.take(hash, 'email_proof', now);
        if (proof !== undefined) return apply(parts, stores, proof, { actor, now, refusal: 'invalid_link' });
        const registration = await stores.oneTimeTokens.take(hash, 'registration', now);
        if (registration === undefined) throw new AuthorityError('invalid_link', { reason: 'unknown' });
        return confirmRegistration(parts, stores, registration, actor, now);
      });
    },

    async byCode(userId, code, actor) {
      const now = clock.now();
      const hashOf = (_: OneTimeToken, typed: string) => parts.codeHash(userId, typed);
      const { hash } = await tryCode(database, { userId, purpose: 'email_proof', code, now, hashOf });
      await database.transaction(async (stores) => {
        // Another request may have used or replaced it meanwhile.
        const proof = await stores.oneTimeTokens.take(hash, 'email_proof', now);
        if (proof === undefined) throw new AuthorityError('invalid_code', { reason: 'used' });
        return apply(parts, stores, proof, { actor, now, refusal: 'invalid_code' });
      });
    },
  };
}

interface Applying {
  readonly actor: Actor;
  readonly now: number;
  readonly refusal: 'invalid_link' | 'invalid_code';
}

async function apply(
  parts: VerifyEmailParts,
  stores: Stores,
  { userId, detail }: OneTimeToken,
  applying: Applying,
): Promise<void> {
  const { actor, now, refusal } = applying;
  const user = userId === undefined ? undefined : await stores.users.lock(userId);
  if (user === undefined || user.disabledAt !== undefined)
    throw new AuthorityError(refusal, { reason: 'user' });
  await stores.oneTimeTokens.forget(user.id, 'email_proof');
  const email = String(detail['email']) as Email;
  if (email !== user.email) {
    // Whoever asked may have been logged out since.
    if (detail['token_version'] !== user.tokenVersion)
      throw new AuthorityError(refusal, { reason: 'version' });
    return replace(parts, stores, user, { ...applying, email, sessionId: String(detail['session_id']) });
  }
  await stores.users.verifyEmail(user.id, now);
  await stores.audit.record({ type: 'email_verified', actor, userId: user.id }, now);
}

async function replace(
  parts: VerifyEmailParts,
  stores: Stores,
  user: User,
  { email, sessionId, actor, now, refusal }: Applying & { readonly email: Email; readonly sessionId: string },
): Promise<void> {
  if (!(await moveEmail(parts, stores, user, { email, actor, now })))
    throw new AuthorityError(refusal, { reason: 'email_taken' });
  const takesBack = { about: 'email', oldEmail: user.email, newEmail: email } as const;
  const occasion = { now, actor, newEmail: email, sessionId: sessionId as SessionId, takesBack };
  await parts.notices(stores, user, 'email_changed', occasion);
}
