/** What can be told, and to whom. Texts are in `texts/`. */
import type { ServiceId, SessionId, UserId } from '@countersign/verifier/ids';
import type { Email } from '../accounts/email.ts';

/** What happened where: a line each in the mail. */
export interface Occasion {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly ip?: string | undefined;
  /** Browser and system, or the client's name for its device. */
  readonly device?: string | undefined;
}

/** What an operator is told. No personal data beyond ids. */
export interface OperatorEvent {
  readonly type: string;
  /** RFC 3339. */
  readonly occurred_at: string;
  readonly user_id: string | null;
  readonly session_id: string | null;
  readonly reason: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Template → what its text needs. */
export interface Templates {
  /** Proves that mail arrives at a user's address, or at the one that shall replace it. */
  readonly verify_email: {
    readonly code: string;
    readonly minutes: number;
    readonly link: string;
    readonly linkHours: number;
  };
  /** Makes the account that somebody asked for. */
  readonly confirm_registration: Occasion & { readonly link: string; readonly linkHours: number };
  /** To the owner of an address that somebody tried to register again. */
  readonly email_taken: Occasion;
  readonly login_code: Occasion & { readonly code: string; readonly minutes: number };
  readonly verify_phone: { readonly code: string; readonly minutes: number };
  readonly recovery: Occasion & { readonly link: string; readonly minutes: number };
  readonly account_recovered: Told;
  readonly new_device: Told;
  readonly password_changed: Told;
  /** Support set a password that is good for one login. */
  readonly one_time_password_set: Told;
  /** To the address that shall be replaced. */
  readonly email_change_started: Told & { readonly newEmail: string };
  /** To the address that was replaced. */
  readonly email_changed: Told & { readonly newEmail: string };
  /** To the address that is no longer the user's, since its predecessor said "not me". */
  readonly email_restored: Occasion;
  readonly factor_added: Told & { readonly factor: string };
  readonly factor_removed: Told & { readonly factor: string };
  /** Support was asked to remove all factors; the link stops it. */
  readonly factors_reset_requested: { readonly dueAt: number; readonly link: string };
  readonly recovery_codes_created: Told;
  readonly recovery_code_used: Told & { readonly left: number };
  readonly refresh_replayed: Told;
  /** A session was used in a way that the settings find unusual. */
  readonly unusual_use: Told & { readonly outcome: 'notify' | 'step_up' | 'end' };
  /** A login after many wrong passwords or codes. */
  readonly many_refusals: Told & { readonly outcome: 'notify' | 'step_up' };
  /** For the operator's webhook. */
  readonly operator_event: { readonly event: OperatorEvent };
  readonly passkey_cloned: Told & { readonly factor: string };
  /** For an application: a session of its user has ended. */
  readonly logout: EndedForClient;
}

/** No secret: it waits unsealed, since the statement that ends the session writes it (`storage/postgres/endingSessions.ts`). */
export interface EndedForClient {
  readonly clientId: ServiceId;
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/** With a link for "this was not me". */
export interface Told extends Occasion {
  readonly notMeLink: string;
  readonly about: NoticeSubject;
}

/**
 * What a notice is about. The link ends that session, or all; for the others it ends all sessions, and takes back the factor, the
 * recovery codes or the change of the address.
 */
export const noticeSubjects = ['session', 'all', 'factor', 'codes', 'email'] as const;
export type NoticeSubject = (typeof noticeSubjects)[number];

export type TemplateName = keyof Templates;

/** `to` is an e-mail address, a phone number (E.164), or empty for the operator's webhook and for an application. */
export type Message = {
  readonly [Name in TemplateName]: {
    readonly channel: 'mail' | 'sms' | 'operator' | 'client';
    readonly template: Name;
    readonly to: Email | string;
    /** BCP 47; the nearest language that has texts is used. */
    readonly locale: string | undefined;
    readonly data: Templates[Name];
  };
}[TemplateName];
