/** Ends one of the caller's own sessions, with effect. */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import type { SessionId, UserId } from '../core/ids.ts';
import { endSelected } from './endSessions.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export type EndSession = (sessionId: SessionId, userId: UserId, origin: Origin) => Promise<void>;

export function createEndSession(parts: EffectParts): EndSession {
  return async (sessionId, userId, origin) => {
    const now = parts.clock.now();
    await withEffect(parts, now, async (stores) => {
      const session = await stores.sessions.find(sessionId);
      // Another user's session and one that never was look alike.
      if (session?.userId !== userId)
        throw new AuthorityError('not_found', { detail: 'There is no such session.' });
      await endSelected(stores, { sessionIds: [sessionId] }, { reason: 'session_ended', origin, now });
    });
  };
}
