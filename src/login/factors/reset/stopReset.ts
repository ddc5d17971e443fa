/** Stops a reset of factors that waits: by the link of the notice, by the operator, or because a second factor was proved or added. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../../../accounts/namedUser.ts';
import type { User } from '../../../accounts/user.ts';
import type { Actor } from '../../../audit/auditEvent.ts';
import type { Database, Stores } from '../../../database.ts';
import type { OutboxEntry } from '../../../notifications/outbox.ts';
import { oneTimeTokenHash } from '../../../platform/oneTimeTokens.ts';

/** The one-time tokens of links that stop a reset. */
export const resetPurpose = 'factor_reset';

/** The notice of a planned reset. */
const resetNotice = 'factors_reset_requested';

type Undelivered = Pick<OutboxEntry, 'channel' | 'template' | 'userId'>;

interface StopParts {
  readonly database: Database;
  readonly clock: Clock;
}

/** Throws `invalid_link`, also once the factors are removed. A repetition succeeds: the first answer may have been lost. */
export type StopResetByLink = (token: string, actor: Actor) => Promise<void>;

export function createStopResetByLink({ database, clock }: StopParts): StopResetByLink {
  return async (token, actor) => {
    const hash = oneTimeTokenHash(token);
    if (hash === undefined) throw invalidLink('malformed');
    const now = clock.now();
    await database.transaction(async (stores) => {
      const owner = (await stores.oneTimeTokens.find(hash, resetPurpose, now))?.userId;
      const user = owner && (await stores.users.lock(owner));
      // Read again under the lock: the reset deletes the link.
      const link = await stores.oneTimeTokens.find(hash, resetPurpose, now);
      if (user === undefined || link === undefined) throw invalidLink('unknown');
      await stopReset(stores, user, { actor, now, reason: 'link' });
    });
  };
}

/** `wasPlanned`: false when there was nothing to stop. Throws `not_found`. */
export type StopReset = (
  name: UserName,
  actor: Actor,
) => Promise<{ readonly userId: UserId; readonly wasPlanned: boolean }>;

export function createStopReset({ database, clock }: StopParts): StopReset {
  return async (name, actor) => {
    const { id: userId } = await findNamedUser(database, name);
    const now = clock.now();
    const wasPlanned = await database.transaction(async (stores) => {
      const user = await stores.users.lock(userId);
      return user !== undefined && stopReset(stores, user, { actor, now, reason: 'support' });
    });
    return { userId, wasPlanned };
  };
}

/** The owner must be told by mail: a notice that could not be delivered stops the reset. */
export function stopUntoldReset({ database, clock }: StopParts): (undelivered: Undelivered) => Promise<void> {
  return async ({ channel, template, userId }) => {
    if (channel !== 'mail' || template !== resetNotice || userId === undefined) return;
    const how = { actor: { name: 'authority' }, now: clock.now(), reason: 'not_told' } as const;
    await database.transaction(async (stores) => {
      const user = await stores.users.lock(userId);
      if (user !== undefined) await stopReset(stores, user, how);
    });
  };
}

type StopReason = 'not_told' | 'link' | 'support' | 'second_factor' | 'factor_added';

/** False when none waits. The caller holds the lock of the user's row, and read `user` under it. */
export async function stopReset(
  stores: Pick<Stores, 'users' | 'audit' | 'outbox'>,
  { id: userId, factorsResetAt }: User,
  how: { readonly actor: Actor; readonly now: number; readonly reason: StopReason },
): Promise<boolean> {
  if (factorsResetAt === undefined) return false;
  const { actor, now, reason } = how;
  await stores.users.planFactorsReset(userId, undefined);
  // A notice that still waits would stop the next reset, or tell of one that is no more.
  await stores.outbox.forget(userId, resetNotice);
  await stores.audit.record({ type: 'factors_reset_stopped', actor, userId, reason }, now);
  return true;
}

function invalidLink(reason: string): AuthorityError {
  return new AuthorityError('invalid_link', { reason });
}
