import type { SessionId, UserId } from '@countersign/verifier/ids';
import { newId } from '../../src/platform/newId.ts';
import type { ContextPolicy } from '../../src/sessions/context.ts';
import type { SessionContext } from '../../src/sessions/session.ts';
import type { NewSession } from '../../src/sessions/store.ts';

const minute = 60_000;

/** Of a session about which nothing was noted. */
export const noContext: SessionContext = {
  deviceId: undefined,
  otherIp: undefined,
  otherIpAt: undefined,
  quickRefreshes: 0,
  contextSignals: [],
  contextScore: 0,
  contextChangedAt: undefined,
};

/** No change of a session's context is looked at. */
export const ignoringContext: ContextPolicy = {
  device_changed: 'ignore',
  many_refusals: 'ignore',
  user_agent_changed: 'ignore',
  two_networks: 'ignore',
  rapid_refresh: 'ignore',
  network_changed: 'ignore',
};

/** A session of somebody, begun now, that is in no store. Its secret is nobody's. */
export function aSession(now: number): NewSession {
  return {
    id: newId<SessionId>(now),
    userId: newId<UserId>(now),
    sealedSecret: new Uint8Array(),
    tokenVersion: 0,
    rightsEpoch: 0,
    clientId: 'first-party',
    scope: 'account',
    amr: ['pwd'],
    acr: '1fa',
    openedBy: [],
    authTime: now,
    deviceName: undefined,
    userAgent: undefined,
    ip: undefined,
    deviceId: undefined,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: now + 30 * minute,
    expiresAt: now + 90 * minute,
    accessExpiresAt: now + 15 * minute,
  };
}
