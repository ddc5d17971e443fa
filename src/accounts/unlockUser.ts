/** Recovery by the operator: a user locked out by wrong passwords may try again from everywhere. */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { PasswordAttempts } from '../login/throttling/passwordAttempts.ts';
import { normaliseEmail } from './email.ts';

export interface UnlockUserParts {
  readonly database: Database;
  readonly passwordAttempts: Pick<PasswordAttempts, 'unlock'>;
  readonly clock: Clock;
}

export type UnlockUser = (email: string, actor: Actor) => Promise<{ readonly userId: UserId }>;

export function createUnlockUser({ database, passwordAttempts, clock }: UnlockUserParts): UnlockUser {
  return async (text, actor) => {
    const email = normaliseEmail(text);
    const user = await database.users.findByEmail(email);
    if (user === undefined) throw new AuthorityError('not_found', { detail: 'No user has this e-mail.' });
    await database.transaction(async (stores) => {
      await passwordAttempts.unlock(stores, email);
      await stores.audit.record({ type: 'user_unlocked', actor, userId: user.id }, clock.now());
    });
    return { userId: user.id };
  };
}
