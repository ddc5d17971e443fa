/** What the owner of a session is told by mail about its use. Each is written in the transaction of what it tells. */
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import type { Notices, Recipient } from '../notifications/notices.ts';
import { isTold, type SignalVerdict } from './context.ts';
import type { Session } from './session.ts';

interface Used {
  readonly session: Pick<Session, 'id' | 'userId' | 'deviceName'>;
  readonly now: number;
  readonly actor: Actor;
}

export async function tellOfUnusualUse(
  notices: Notices,
  stores: Stores,
  { session, now, actor }: Used,
  { action }: SignalVerdict,
): Promise<void> {
  const { id, userId, deviceName } = session;
  const user = await stores.users.find(userId);
  if (user === undefined || !isTold(action)) return;
  // The link of a session that has ended ends the others.
  const sessionId = action === 'end' ? undefined : id;
  await notices(stores, user, 'unusual_use', { now, actor, sessionId, deviceName, outcome: action });
}

/** The caller holds the user row's lock. */
export async function tellOfManyRefusals(
  notices: Notices,
  stores: Stores,
  user: Recipient,
  { session, now, actor }: Used,
  { action }: SignalVerdict,
): Promise<void> {
  const { id: sessionId, deviceName } = session;
  const outcome = action === 'step_up' ? 'step_up' : 'notify';
  await notices(stores, user, 'many_refusals', { now, actor, sessionId, deviceName, outcome });
}

export async function tellOfTheft(
  notices: Notices,
  stores: Stores,
  { session, now, actor }: Used,
): Promise<void> {
  const { id: sessionId, userId, deviceName } = session;
  const user = await stores.users.find(userId);
  if (user === undefined) return;
  await notices(stores, user, 'refresh_replayed', { now, actor, sessionId, deviceName });
}
