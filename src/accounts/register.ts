/** Creates a user, by registration over HTTP or by the operator. */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import { type Actor, isOperator } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { hashTurn, type PasswordHasher } from '../login/passwords/passwordHash.ts';
import type { PasswordPolicy } from '../login/passwords/passwordPolicy.ts';
import type { PasswordAttempts } from '../login/throttling/passwordAttempts.ts';
import { newId } from '../platform/newId.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import { normaliseEmail } from './email.ts';

export interface RegisterParts {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged'>;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly clock: Clock;
  /** `closed`: only the operator creates users. */
  readonly registration: 'open' | 'closed';
}

export type Register = (
  input: { readonly email: string; readonly password: string },
  actor: Actor,
) => Promise<{ readonly userId: UserId }>;

export function createRegister(parts: RegisterParts): Register {
  const { database, passwords, passwordPolicy, clock } = parts;
  return async (input, actor) => {
    const byOperator = isOperator(actor);
    if (parts.registration === 'closed' && !byOperator) throw new AuthorityError('registration_closed');
    const email = normaliseEmail(input.email);
    const password = await passwordPolicy.check(input.password, { field: 'password', email });
    if (!byOperator) await parts.rateLimits.spend(actor, 'register', 'global');
    const passwordHash = await passwords.hash(password, hashTurn(actor.ip, byOperator));

    const now = clock.now();
    const userId = newId<UserId>(now);
    await database.transaction(async (stores) => {
      const outcome = await stores.users.create(
        { id: userId, email, passwordHash, locale: actor.language },
        now,
      );
      if (outcome === 'email_taken') throw new AuthorityError('email_taken');
      // Guesses made before the user existed must not lock the user out.
      await parts.passwordAttempts.passwordChanged(stores, { email }, actor.ip, now);
      const type = byOperator ? 'user_created' : 'user_registered';
      await stores.audit.record({ type, actor, userId }, now);
    });
    return { userId };
  };
}
