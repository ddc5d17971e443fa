/**
 * The audit trail: what happened to whom, by whom and why. Owns the kinds of events and the port that records them in
 * the transaction of the change. Does not own logs: those are for operating, this is for answering questions later.
 */
import type { SessionId, UserId } from '../core/ids.ts';

export const auditEventTypes = [
  'user_registered',
  'user_created',
  'user_disabled',
  'user_unlocked',
  'login_succeeded',
  'login_failed',
  'password_locked',
  'session_refreshed',
  'session_ended',
  'all_sessions_ended',
  'token_revoked',
  'refresh_refused',
  'password_changed',
  'password_change_refused',
  'service_created',
  'service_revoked',
  'signing_key_created',
  'signing_key_activated',
  'signing_key_retired',
  'signing_key_revoked',
  'keys_resealed',
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** Who asked, carried from the edge to every event that the request causes. */
export interface Origin {
  /** `user`, `operator`, `service:NAME` or `authority`. */
  readonly actor: string;
  readonly requestId?: string | undefined;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface AuditEvent {
  readonly type: AuditEventType;
  readonly origin: Origin;
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  /** A machine word that says which rule decided. */
  readonly reason?: string | undefined;
}

export interface AuditTrail {
  record(event: AuditEvent, now: number): Promise<void>;
  /** Many at once. */
  recordAll(events: readonly AuditEvent[], now: number): Promise<void>;
}
