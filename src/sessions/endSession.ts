/** Ends one of the caller's own sessions and propagates. Ends the calling session even without a database row. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endSelected } from './endSessions.ts';
import { endNamed, type NamedByToken } from './namedByToken.ts';

export type EndSession = (sessionId: SessionId, caller: NamedByToken, actor: Actor) => Promise<void>;

export function createEndSession(parts: RevokingParts): EndSession {
  return async (sessionId, caller, actor) => {
    const now = parts.clock.now();
    const ending = { reason: 'session_ended', actor, now } as const;
    const isOwn = sessionId === caller.sessionId;
    await revokeAndPropagate(parts, now, async (stores) => {
      const session = await stores.sessions.find(sessionId);
      // Another user's session and an unknown one must look alike.
      if (!isOwn && session?.userId !== caller.userId)
        throw new AuthorityError('not_found', { detail: 'There is no such session.' });
      if (session?.userId === caller.userId) await endSelected(stores, { sessionIds: [sessionId] }, ending);
      if (isOwn) await endNamed(stores, caller, ending);
    });
  };
}
