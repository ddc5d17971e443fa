/** Lets a user that was disabled log in again. Sessions that ended stay ended. */
import type { Origin } from '../audit/auditEvent.ts';
import { normaliseEmail } from '../authn/email.ts';
import type { Clock } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import type { UserId } from '../core/ids.ts';
import type { Database } from './database.ts';

/** Throws `not_found`. Doing it again is a success again. */
export type EnableUser = (email: string, origin: Origin) => Promise<UserId>;

export function createEnableUser({ database, clock }: { database: Database; clock: Clock }): EnableUser {
  return async (email, origin) => {
    const user = await database.users.findByEmail(normaliseEmail(email));
    if (user === undefined) throw new AuthorityError('not_found', { detail: 'No user has this e-mail.' });
    const userId = user.id;
    await database.transaction(async ({ users, audit }) => {
      const locked = await users.lock(userId);
      if (locked?.disabledAt === undefined) return;
      await users.enable(userId);
      await audit.record({ type: 'user_enabled', origin, userId }, clock.now());
    });
    return userId;
  };
}
