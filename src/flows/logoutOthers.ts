/** Ends every session of the caller but the one that asks, and a login in flight cannot survive it. */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import type { EndReason } from '../sessions/session.ts';
import type { EndedSession } from '../sessions/sessionStore.ts';
import type { Caller } from './provePassword.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { type EffectParts, type EndingStores, withEffect } from './withEffect.ts';

/** Answers how many were alive. */
export type LogoutOthers = (caller: Caller, origin: Origin) => Promise<number>;

export function createLogoutOthers(parts: EffectParts): LogoutOthers {
  return async ({ userId, sessionId }, origin) => {
    const now = parts.clock.now();
    const { result } = await withEffect(parts, now, async (stores) => {
      const user = await stores.users.lock(userId);
      const session = await stores.sessions.find(sessionId);
      if (user === undefined || session === undefined || session.endedAt !== undefined)
        throw new AuthorityError('invalid_token', { reason: 'ended' });
      const ended = await endOthers(stores, { userId, sessionId }, 'session_ended');
      const event = { type: 'other_sessions_ended', origin, userId, sessionId } as const;
      if (ended.length > 0)
        await stores.audit.recordAll([event, ...sessionsEnded(ended, 'session_ended', origin)], now);
      return ended.length;
    });
    return result;
  };
}

/**
 * All sessions of the user but this one, which goes on under the next token version. The caller holds the lock of the user's
 * row, and has seen that this session is alive.
 */
export async function endOthers(
  stores: EndingStores,
  { userId, sessionId }: Caller,
  reason: EndReason,
): Promise<readonly EndedSession[]> {
  await stores.sessions.setTokenVersion(sessionId, await stores.users.bumpTokenVersion(userId));
  return stores.endSessions({ userId, except: sessionId }, reason);
}
