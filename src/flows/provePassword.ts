/** Somebody who is logged in proves the password again, before what only its owner may do. */
import type { AuditEventType, Origin } from '../audit/auditEvent.ts';
import type { PasswordHasher } from '../authn/passwordHash.ts';
import { normalisePassword } from '../authn/passwordPolicy.ts';
import type { User } from '../authn/user.ts';
import type { Clock } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import type { SessionId, UserId } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface ProvingParts {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
}

export interface Caller {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/** Resolves with the user. Throws `invalid_credentials` naming the field, after `refusal` was recorded. */
export async function provePassword(
  { database, passwords, clock }: ProvingParts,
  { userId, sessionId }: Caller,
  currentPassword: string,
  { refusal, origin }: { readonly refusal: AuditEventType; readonly origin: Origin },
): Promise<User> {
  const user = await database.users.find(userId);
  if (user === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_user' });
  const password = normalisePassword(currentPassword);
  if (password !== undefined && (await passwords.verify(user.passwordHash, password))) return user;
  await database.audit.record({ type: refusal, origin, userId, sessionId }, clock.now());
  throw new AuthorityError('invalid_credentials', {
    errors: [{ field: 'current_password', rule: 'correct', message: 'is not the current password' }],
  });
}
