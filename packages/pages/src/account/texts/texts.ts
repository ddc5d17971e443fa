/** What the account page says. A missing text is a type error. */

export interface AccountTexts {
  readonly title: string;
  readonly overview: {
    readonly title: string;
    readonly thisDevice: string;
    readonly toMend: string;
    readonly allWell: string;
    readonly lastSignIns: string;
    readonly noSignIns: string;
    readonly verifyEmail: string;
    readonly addFactor: string;
    readonly fewCodes: (left: string) => string;
    readonly resetPlanned: (when: string) => string;
  };
  readonly sessions: {
    readonly title: string;
    readonly explanation: string;
    readonly current: string;
    readonly unknownDevice: string;
    readonly lastUsed: string;
    readonly signedIn: string;
    readonly endsUnused: string;
    readonly address: string;
    readonly unusual: string;
    readonly end: string;
    readonly endNamed: (device: string) => string;
    readonly endQuestion: string;
    readonly endOthers: string;
    readonly endOthersQuestion: string;
    readonly endAll: string;
    readonly endAllQuestion: string;
    readonly none: string;
  };
  readonly passkeys: {
    readonly title: string;
    readonly explanation: string;
    readonly none: string;
    readonly name: string;
    readonly add: string;
    readonly added: string;
    readonly rename: string;
    readonly renamed: string;
    readonly synced: string;
    readonly oneDevice: string;
  };
  readonly factors: {
    readonly title: string;
    readonly explanation: string;
    readonly none: string;
    readonly kinds: Readonly<Record<string, string>>;
    readonly addApp: string;
    readonly scan: string;
    readonly qrCode: string;
    readonly key: string;
    readonly code: string;
    readonly confirm: string;
    readonly appAdded: string;
    readonly created: string;
    readonly lastUsed: string;
    readonly never: string;
    readonly remove: string;
    readonly removeNamed: (name: string) => string;
    readonly removeQuestion: string;
    readonly codes: string;
    readonly codesLeft: (left: string) => string;
    readonly renewCodes: string;
    readonly renewQuestion: string;
    readonly codesShown: string;
    readonly phone: string;
    readonly phoneNumber: string;
    readonly sendCode: string;
    readonly phoneSent: string;
    readonly phoneAdded: string;
  };
  readonly password: {
    readonly title: string;
    readonly password: string;
    readonly current: string;
    readonly next: string;
    readonly change: string;
    readonly changed: string;
    readonly without: string;
    readonly mailPassword: string;
    readonly mailSent: string;
    readonly email: string;
    readonly isVerified: string;
    readonly notVerified: string;
    readonly sendProof: string;
    readonly proofSent: string;
    readonly code: string;
    readonly verify: string;
    readonly verified: string;
    readonly newEmail: string;
    readonly changeEmail: string;
    readonly changeStarted: string;
  };
  readonly apps: {
    readonly title: string;
    readonly apps: string;
    readonly appsExplanation: string;
    readonly noApps: string;
    readonly scopesAt: (audience: string) => string;
    readonly since: string;
    readonly takeBack: string;
    readonly takeBackNamed: (name: string) => string;
    readonly takeBackQuestion: string;
    readonly links: string;
    readonly linksExplanation: string;
    readonly noLinks: string;
    readonly link: (provider: string) => string;
    readonly unlink: string;
    readonly unlinkNamed: (name: string) => string;
    readonly unlinkQuestion: string;
  };
  readonly activity: {
    readonly title: string;
    readonly explanation: string;
    readonly what: string;
    readonly when: string;
    readonly who: string;
    readonly from: string;
    readonly none: string;
    readonly by: Readonly<Record<'user' | 'service' | 'operator' | 'authority', string>>;
    readonly events: Readonly<Record<EventType, string>>;
    readonly otherEvent: string;
  };
  readonly data: {
    readonly title: string;
    readonly export: string;
    readonly exportExplanation: string;
    readonly download: string;
    readonly exported: string;
    readonly delete: string;
    readonly deleteExplanation: string;
    readonly deleteButton: string;
    readonly deleteQuestion: string;
    readonly password: string;
  };
}

/** Audit events that are about a user. */
export type EventType =
  | 'user_registered'
  | 'user_created'
  | 'user_imported'
  | 'user_disabled'
  | 'user_enabled'
  | 'user_delete_refused'
  | 'user_unlocked'
  | 'user_data_read'
  | 'email_verified'
  | 'email_change_started'
  | 'email_changed'
  | 'recovery_requested'
  | 'account_recovered'
  | 'not_me_reported'
  | 'code_sent'
  | 'login_succeeded'
  | 'login_failed'
  | 'password_locked'
  | 'second_factor_required'
  | 'second_factor_refused'
  | 'step_up_succeeded'
  | 'step_up_refused'
  | 'factor_added'
  | 'factor_removed'
  | 'factor_renamed'
  | 'passkey_cloned'
  | 'factors_reset_requested'
  | 'factors_reset_stopped'
  | 'factors_reset'
  | 'recovery_codes_created'
  | 'session_ended'
  | 'all_sessions_ended'
  | 'other_sessions_ended'
  | 'session_context_changed'
  | 'token_revoked'
  | 'refresh_refused'
  | 'password_changed'
  | 'password_change_refused'
  | 'one_time_password_set'
  | 'one_time_password_used'
  | 'role_granted'
  | 'role_taken'
  | 'token_exchanged'
  | 'consent_granted'
  | 'consent_denied'
  | 'consent_withdrawn'
  | 'authorization_code_refused';
