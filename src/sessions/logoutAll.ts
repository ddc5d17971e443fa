/**
 * Logout everywhere: ends every session of the user; a login in flight fails. The caller's session ends even without a row of it
 * or its user.
 */
import type { Actor } from '../audit/auditEvent.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endAllOfUser } from './endSessions.ts';
import { endNamed, type NamedByToken } from './namedByToken.ts';

export type LogoutAll = (caller: NamedByToken, actor: Actor) => Promise<void>;

export function createLogoutAll(parts: RevokingParts): LogoutAll {
  return async (caller, actor) => {
    const { userId } = caller;
    const now = parts.clock.now();
    const ending = { reason: 'logout_all', actor, now } as const;
    await revokeAndPropagate(parts, now, async (stores) => {
      await stores.audit.record({ type: 'all_sessions_ended', actor, userId, reason: 'logout_all' }, now);
      await endAllOfUser(stores, userId, ending);
      await endNamed(stores, caller, ending);
    });
  };
}
