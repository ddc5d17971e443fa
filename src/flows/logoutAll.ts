/** Logout everywhere: every session of the user ends, and a login in flight cannot survive it. */
import type { Origin } from '../audit/auditEvent.ts';
import type { UserId } from '../core/ids.ts';
import { endAllOfUser } from './endSessions.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export type LogoutAll = (userId: UserId, origin: Origin) => Promise<void>;

export function createLogoutAll(parts: EffectParts): LogoutAll {
  return async (userId, origin) => {
    const now = parts.clock.now();
    await withEffect(parts, now, async (stores) => {
      await stores.audit.record({ type: 'all_sessions_ended', origin, userId, reason: 'logout_all' }, now);
      await endAllOfUser(stores, userId, { reason: 'logout_all', origin, now });
    });
  };
}
