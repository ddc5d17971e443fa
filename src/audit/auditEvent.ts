/**
 * The audit log: what happened to which user, by which actor and why. Owns the event types and the port that records them in the
 * transaction of the change. Does not own the process's log: that is for operating, this one for answering questions later.
 */
import type { AuditEventId, SessionId, UserId } from '@countersign/verifier/ids';
import { auditLimits } from './limits.ts';

export const auditEventTypes = [
  'user_registered',
  'user_created',
  'user_imported',
  'user_disabled',
  'user_enabled',
  'user_deleted',
  'user_delete_refused',
  'user_unlocked',
  'user_data_read',
  'email_verified',
  'email_change_started',
  'email_changed',
  'recovery_requested',
  'account_recovered',
  'not_me_reported',
  'code_sent',
  'login_succeeded',
  'login_failed',
  'password_locked',
  'second_factor_required',
  'second_factor_refused',
  'step_up_succeeded',
  'step_up_refused',
  'factor_added',
  'factor_removed',
  'factor_renamed',
  'passkey_cloned',
  'factors_reset_requested',
  'factors_reset_stopped',
  'factors_reset',
  'recovery_codes_created',
  'session_refreshed',
  'session_ended',
  'all_sessions_ended',
  'other_sessions_ended',
  'session_context_changed',
  'token_revoked',
  'refresh_refused',
  'password_changed',
  'password_change_refused',
  'one_time_password_set',
  'one_time_password_used',
  'resource_set',
  'resource_removed',
  'role_set',
  'role_removed',
  'role_granted',
  'role_taken',
  'service_created',
  'service_token_rotated',
  'service_revoked',
  'client_changed',
  'client_disabled',
  'client_enabled',
  'client_session_started',
  'token_exchanged',
  'consent_granted',
  'consent_denied',
  'consent_withdrawn',
  'authorization_code_refused',
  'signing_key_created',
  'signing_key_activated',
  'signing_key_retired',
  'signing_key_revoked',
  'keys_resealed',
  'message_retried',
  'audit_events_deleted',
  'database_restored',
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** The requester, passed from the transport to every event the request causes. */
export interface Actor {
  /** `user` (of their own account), `user:ID` (whose role allows it), `operator` or `operator:NAME` (given on the command line), `service:NAME`, or `authority`. */
  readonly name: string;
  readonly requestId?: string | undefined;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Why, in the words of whoever decided it; `why` in the detail of every event. */
  readonly why?: string | undefined;
  /** BCP 47: of texts for the requester. */
  readonly language?: string | undefined;
}

export interface AuditEvent {
  readonly type: AuditEventType;
  readonly actor: Actor;
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  /** A machine-readable word: the rule that decided. */
  readonly reason?: string | undefined;
  /** More facts. Never a secret: no token, password, cookie or key. */
  readonly detail?: AuditDetail | undefined;
}

/** Members in snake_case. */
export interface AuditDetail {
  readonly [member: string]: AuditValue;
}
type AuditValue = string | number | boolean | null | readonly AuditValue[] | AuditDetail;

/** As written, by any version. */
export interface RecordedEvent {
  readonly id: AuditEventId;
  readonly occurredAt: number;
  readonly type: string;
  readonly actor: string;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
  readonly ip: string | undefined;
  readonly detail: unknown;
}

export interface AuditTrail {
  record(event: AuditEvent, now: number): Promise<void>;
  recordAll(events: readonly AuditEvent[], now: number): Promise<void>;
}

/** The stored JSON. Text that is too long is replaced by a note: no change may fail because of its event. */
export function detailText(detail: AuditDetail): string {
  const text = JSON.stringify(detail);
  const bytes = Buffer.byteLength(text);
  return bytes <= auditLimits.auditDetailBytes ? text : JSON.stringify({ left_out_bytes: bytes });
}

/** With the reason that the actor gave. */
export function detailOf({ actor: { why }, detail }: AuditEvent): AuditDetail | undefined {
  return why === undefined ? detail : { ...detail, why };
}

export function isOperator({ name }: Actor): boolean {
  return /^operator(:|$)/.test(name);
}
