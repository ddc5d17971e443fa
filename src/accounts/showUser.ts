/** What support sees of a user: state, second factors, live sessions and the last sign-ins. */
import type { Clock } from '@countersign/verifier/clock';
import type { Actor, RecordedEvent } from '../audit/auditEvent.ts';
import { recordReading } from '../audit/recordReading.ts';
import type { Database } from '../database.ts';
import type { FactorKinds, FactorName } from '../login/factors/factors.ts';
import type { Session } from '../sessions/session.ts';
import { accountLimits } from './limits.ts';
import { findNamedUser, type UserName } from './namedUser.ts';
import type { ListedUser } from './user.ts';

export interface ShownUser extends ListedUser {
  readonly factors: readonly FactorName[];
  readonly recoveryCodesLeft: number;
  /** When support's reset of the factors happens, unless it is stopped. */
  readonly factorsResetAt: number | undefined;
  /** The newest. */
  readonly sessions: readonly Session[];
  /** The latest successful and refused ones, newest first. */
  readonly signIns: readonly RecordedEvent[];
}

/** Recorded when somebody reads it. Throws `not_found`. */
export type ShowUser = (name: UserName, reader?: Actor) => Promise<ShownUser>;

export function createShowUser(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly kinds: Pick<FactorKinds, 'usable'>;
}): ShowUser {
  const { database, clock, kinds } = parts;
  const { shownSessions, shownSignIns } = accountLimits;
  return async (name, reader) => {
    const user = await findNamedUser(database, name);
    const { id, email, disabledAt, createdAt } = user;
    const now = clock.now();
    await recordReading(parts, reader, { view: 'user', userId: id });
    const signIns = [];
    for (const type of ['login_succeeded', 'login_failed', 'second_factor_refused'] as const) {
      const filter = { userId: id, sessionId: undefined, type, since: undefined, until: undefined };
      signIns.push(...(await database.auditLog.list(filter, undefined, shownSignIns)));
    }
    signIns.sort((one, other) => other.occurredAt - one.occurredAt);
    return {
      ...{ id, email, createdAt, state: disabledAt === undefined ? 'active' : 'disabled' },
      emailVerified: user.emailVerifiedAt !== undefined,
      factors: await kinds.usable(database, user, now),
      factorsResetAt: user.factorsResetAt,
      recoveryCodesLeft: await database.recoveryCodes.left(id),
      sessions: await database.sessions.list(id, { now, limit: shownSessions }),
      signIns: signIns.slice(0, shownSignIns),
    };
  };
}
