/**
 * Ends sessions in a transaction of `revokeAndPropagate`, each with an event of its own: which sessions ended is a question, too. Every
 * flow that ends some, logout's one statement included, takes its events from here, and with all of a user comes through
 * `endAllOfUser` or `endOthers`.
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

/** Answers those that were alive. */
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

/** To be recorded with the session's user. */
export function endOf(sessionId: SessionId, reason: string, actor: Actor): SessionEvent {
  return { type: 'session_ended', actor, sessionId, reason };
}

/** Logins and refreshes that are in flight do not survive it: they compare the token version. Answers those that were alive. */
export async function endAllOfUser(
  stores: RevokingStores,
  userId: UserId,
  ending: Ending,
): Promise<readonly EndedSession[]> {
  // Without a row of the user nobody logs in, and no session is refreshed.
  if ((await stores.users.lock(userId)) !== undefined) await stores.users.bumpTokenVersion(userId);
  return endSelected(stores, { userId }, ending);
}

/**
 * This session goes on under the next token version. The caller holds the lock of the user's row, and has seen that the session
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
