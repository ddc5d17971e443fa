/** Ends every session of the caller except the calling one; a login in flight fails. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endOthers } from './endSessions.ts';
import type { Caller } from './session.ts';

/** Returns how many were alive. */
export type LogoutOthers = (caller: Caller, actor: Actor) => Promise<number>;

export function createLogoutOthers(parts: RevokingParts): LogoutOthers {
  return async ({ userId, sessionId }, actor) => {
    const now = parts.clock.now();
    const { result } = await revokeAndPropagate(parts, now, async (stores) => {
      const user = await stores.users.lock(userId);
      const session = await stores.sessions.find(sessionId);
      if (user === undefined || session === undefined || session.endedAt !== undefined)
        throw new AuthorityError('invalid_token', { reason: 'ended' });
      const ending = { reason: 'session_ended', actor, now } as const;
      const ended = await endOthers(stores, { userId, sessionId }, ending);
      if (ended.length > 0)
        await stores.audit.record({ type: 'other_sessions_ended', actor, userId, sessionId }, now);
      return ended.length;
    });
    return result;
  };
}
