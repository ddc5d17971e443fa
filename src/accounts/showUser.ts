/** Everything that support needs to know of one user. Reading it changes nothing. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { RecordedEvent } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { Session } from '../sessions/session.ts';
import { accountLimits } from './limits.ts';
import { findNamedUser, type UserName } from './namedUser.ts';
import type { UserRow } from './user.ts';

export interface ShownUser extends UserRow {
  /** The newest live ones. */
  readonly sessions: readonly Session[];
  /** The last logins and refused logins, newest first. */
  readonly signIns: readonly RecordedEvent[];
}

/** Throws `not_found`. */
export type ShowUser = (name: UserName) => Promise<ShownUser>;

export function createShowUser(parts: { readonly database: Database; readonly clock: Clock }): ShowUser {
  const { database, clock } = parts;
  const limit = accountLimits.shownOfUser;
  return async (name) => {
    const { id: userId } = await findNamedUser(database, name);
    const [row, sessions, right, wrong] = await Promise.all([
      database.users.show(userId),
      database.sessions.list(userId, { now: clock.now(), limit }),
      database.auditLog.list({ userId, type: 'login_succeeded' }, undefined, limit),
      database.auditLog.list({ userId, type: 'login_failed' }, undefined, limit),
    ]);
    if (row === undefined) throw new AuthorityError('not_found', { detail: 'There is no such user.' });
    const signIns = [...right, ...wrong].sort((one, other) => other.occurredAt - one.occurredAt);
    return { ...row, sessions, signIns: signIns.slice(0, limit) };
  };
}
