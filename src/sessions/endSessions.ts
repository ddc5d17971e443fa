/**
 * Ends sessions in a transaction of `revokeAndPropagate`, with one audit event for each. Every operation that ends sessions takes
 * its events from here, including logout's single statement; ending a user's sessions goes through `endAllOfUser` or `endOthers`.
 */

import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor, AuditEvent } from '../audit/auditEvent.ts';
import type { RevokingStores } from '../revocation/propagation/revokeAndPropagate.ts';
import type { SessionEvent } from './logoutStore.ts';
import type { Caller, EndReason } from './session.ts';
import type { EndedSession, SessionSelection } from './store.ts';

export interface Ending {
  readonly reason: EndReason;
  readonly actor: Actor;
  readonly now: number;
}

/** Returns the sessions that were alive. */
export async function endSelected(
  stores: RevokingStores,
  selection: SessionSelection,
  { reason, actor, now }: Ending,
): Promise<readonly EndedSession[]> {
  const ended = await stores.endSessions(selection, reason);
  const events = ended.map((session) => sessionEnded(session, reason, actor));
  await stores.audit.recordAll(events, now);
  return ended;
}

export function sessionEnded({ id, userId }: EndedSession, reason: string, actor: Actor): AuditEvent {
  return { ...endOf(id, reason, actor), userId };
}

/** The event gets its user from the session's row. */
export function endOf(sessionId: SessionId, reason: string, actor: Actor): SessionEvent {
  return { type: 'session_ended', actor, sessionId, reason };
}

/** Logins and refreshes in flight fail, because they compare the token version. Returns the sessions that were alive. */
export async function endAllOfUser(
  stores: RevokingStores,
  userId: UserId,
  ending: Ending,
): Promise<readonly EndedSession[]> {
  // Without a user row there is no login and no refresh to stop.
  if ((await stores.users.lock(userId)) !== undefined) await stores.users.bumpTokenVersion(userId);
  return endSelected(stores, { userId }, ending);
}

/**
 * The kept session continues under the next token version. The caller holds the user row's lock and has checked that the session
 * is alive.
 */
export async function endOthers(
  stores: RevokingStores,
  { userId, sessionId }: Caller,
  ending: Ending,
): Promise<readonly EndedSession[]> {
  const tokenVersion = await stores.users.bumpTokenVersion(userId);
  const ended = await endSelected(stores, { userId, except: sessionId }, ending);
  await stores.sessions.setTokenVersion(sessionId, tokenVersion);
  return ended;
}
