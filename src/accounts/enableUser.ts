/** Lets a disabled user log in again. Ended sessions stay ended. */

import type { Clock } from '@countersign/verifier/clock';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { findNamedUser, type UserName } from './namedUser.ts';

/** Throws `not_found`. Repeating it succeeds. */
export type EnableUser = (name: UserName, actor: Actor) => Promise<UserId>;

export function createEnableUser({ database, clock }: { database: Database; clock: Clock }): EnableUser {
  return async (name, actor) => {
    const { id: userId } = await findNamedUser(database, name);
    await database.transaction(async ({ users, audit }) => {
      const locked = await users.lock(userId);
      if (locked?.disabledAt === undefined) return;
      await users.enable(userId);
      await audit.record({ type: 'user_enabled', actor, userId }, clock.now());
    });
    return userId;
  };
}
