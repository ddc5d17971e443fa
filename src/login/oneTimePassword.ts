/**
 * A one-time password, which support sets for a user who cannot log in otherwise. Its login opens no session: it is exchanged for a
 * token that sets a new password (`accounts/recovery/completeRecovery.ts`). Then the user logs in, with the second factor where
 * there is one.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { User } from '../accounts/user.ts';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { notificationLimits } from '../notifications/limits.ts';
import { newOneTimeToken, type OneTimeDetail } from '../platform/oneTimeTokens.ts';
import type { Turn } from '../platform/queues/fairQueue.ts';
import { asTyped } from './factors/recoveryCodes.ts';
import type { PasswordHasher } from './passwords/passwordHash.ts';
import { mayLogIn } from './startSession.ts';

type OneTimeUser = User & { readonly oneTimePasswordUntil: number };

export function isOneTime(user: User): user is OneTimeUser {
  return user.oneTimePasswordUntil !== undefined;
}

/** As much work whether it is right, wrong or expired. */
export async function verifyOneTimePassword(
  parts: {
    readonly passwords: PasswordHasher;
    readonly clock: Clock;
    readonly requireVerifiedEmail: boolean;
  },
  user: OneTimeUser,
  { text, turn }: { readonly text: string; readonly turn: Turn },
): Promise<boolean> {
  const typed = asTyped(text);
  if (typed === undefined) return parts.passwords.verifyDummy('', turn);
  const isRight = await parts.passwords.verify(user.passwordHash, typed, turn);
  return isRight && parts.clock.now() < user.oneTimePasswordUntil && mayLogIn(parts, user);
}

/** Uses it up, and throws `password_change_required` with the token. Undefined when another login used it, or the user changed. */
export async function exchangeOneTimePassword(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  user: OneTimeUser,
  actor: Actor,
): Promise<undefined> {
  const { id: userId, email, passwordHash, tokenVersion } = user;
  const { token, hash } = newOneTimeToken();
  const now = clock.now();
  const expiresIn = notificationLimits.recoveryLinkMilliseconds;
  const isUsed = await database.transaction(async (stores) => {
    const current = await stores.users.lock(userId);
    if (current?.tokenVersion !== tokenVersion || current.disabledAt !== undefined) return false;
    if (!(await stores.users.useOneTimePassword(userId, passwordHash))) return false;
    await stores.oneTimeTokens.create({
      ...{ hash, purpose: 'handed_recovery', userId, codeHash: undefined, tries: 0 },
      ...{ detail: { email, ...afterOneTimePassword }, createdAt: now, expiresAt: now + expiresIn },
    });
    await stores.audit.record({ type: 'one_time_password_used', actor, userId }, now);
    return true;
  });
  if (!isUsed) return undefined;
  throw new AuthorityError('password_change_required', {
    detail: 'Choose a new password with POST /auth/recovery/complete, then log in with it.',
    members: { password_token: token, expires_in: expiresIn / 1000 },
  });
}

const afterOneTimePassword = { after: 'one_time_password' } as const;

/** Whether a token that sets a password came from such a login: then nobody proved to read the mail. */
export function isAfterOneTimePassword({ after }: OneTimeDetail): boolean {
  return after === afterOneTimePassword.after;
}
