/** What both pages say: their frame, dialogs, refusals. A missing text is a type error. */

export interface PartTexts {
  readonly skip: string;
  readonly areas: string;
  readonly signOut: string;
  readonly signedOut: string;
  readonly signIn: string;
  readonly loading: string;
  readonly tryAgain: string;
  readonly cancel: string;
  readonly close: string;
  readonly pages: string;
  readonly nextPage: string;
  readonly firstPage: string;
  readonly nothing: string;
  readonly asTable: string;
  readonly time: string;
  readonly unknown: string;
  readonly typeToConfirm: (text: string) => string;
  /** What a revocation's answer means. `after`: a duration. */
  readonly inEffect: (after: string | undefined) => string;
  /** The page does not understand an answer. */
  readonly outdated: string;
  readonly notFound: { readonly title: string; readonly text: string };
  /** The session is gone: the title, why, and what the button says. */
  readonly ended: { readonly title: string; readonly text: string };
  readonly other: { readonly title: string; readonly text: string; readonly button: string };
  readonly proof: {
    readonly title: string;
    readonly text: string;
    readonly password: string;
    readonly totp: string;
    readonly recoveryCode: string;
    readonly sentCode: string;
    readonly sendMail: string;
    readonly sendSms: string;
    readonly passkey: string;
    readonly button: string;
    /** The way that everybody has. */
    readonly signInAgain: string;
  };
  /** By error code. */
  readonly problems: Readonly<Record<ProblemCode, string>>;
}

export type ProblemCode =
  | 'network'
  | 'session_ended'
  | 'invalid_request'
  | 'invalid_credentials'
  | 'invalid_code'
  | 'password_refused'
  | 'insufficient_user_authentication'
  | 'permission_denied'
  | 'not_found'
  | 'last_way_in'
  | 'email_taken'
  | 'name_taken'
  | 'changed_meanwhile'
  | 'identity_taken'
  | 'rate_limited'
  | 'recovery_required'
  | 'mail_not_configured'
  | 'sms_not_configured'
  | 'unimplemented'
  | 'overloaded'
  | 'unavailable'
  | 'passkey'
  | 'other';
