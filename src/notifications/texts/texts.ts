/** What every language must say. A missing text is a type error. */
import type { NoticeSubject, TemplateName, Templates } from '../message.ts';

/** A mail's text, paragraph by paragraph. */
export interface MailText {
  readonly subject: string;
  readonly body: readonly Part[];
}

/** A paragraph; a code, set off; a link; or what happened where, a line each. */
export type Part =
  | string
  | { readonly code: string }
  | { readonly link: string }
  | { readonly facts: readonly (string | undefined)[] };

type MailTemplate = Exclude<TemplateName, 'verify_phone' | 'operator_event' | 'logout'>;
type SmsTemplate = 'login_code' | 'verify_phone' | 'factors_reset_requested';

export interface Texts {
  readonly language: string;
  readonly mails: { readonly [Name in MailTemplate]: (data: Templates[Name]) => MailText };
  readonly messages: { readonly [Name in SmsTemplate]: (data: Templates[Name]) => string };
  readonly pages: PageTexts;
}

/** Pages that links in mails, applications and other providers lead to. */
export interface PageTexts {
  readonly signIn: {
    readonly title: string;
    readonly email: string;
    readonly password: string;
    readonly button: string;
    readonly secondFactor: string;
    /** A link to another provider. */
    readonly withProvider: (label: string) => string;
    readonly withPasskey: string;
    readonly passkeyRefused: string;
    readonly forgotten: string;
    readonly register: string;
    readonly mustAdd: string;
    readonly addApp: string;
    readonly scan: string;
    readonly totp: string;
    readonly recoveryCode: string;
    readonly sentCode: string;
    readonly sendMail: string;
    readonly sendSms: string;
    /** Above the recovery codes of a first authenticator app. */
    readonly keepCodes: string;
    readonly codesKept: string;
    /** The link of a page that goes on by itself. */
    readonly goOn: string;
    readonly refusals: {
      readonly invalid_credentials: string;
      readonly invalid_code: string;
      readonly recovery_required: string;
      readonly password_change_required: string;
      readonly rate_limited: string;
      readonly invalid_request: string;
      readonly other: string;
    };
  };
  /** `wants`: before the list of scopes. `scopes`: of those that every application may ask for. */
  readonly consent: {
    readonly title: string;
    readonly asks: (application: string) => string;
    readonly at: (audience: string) => string;
    readonly wants: string;
    readonly scopes: Readonly<Record<'openid' | 'email' | 'phone' | 'profile' | 'offline_access', string>>;
    readonly allow: string;
    readonly deny: string;
  };
  readonly signOut: Question;
  /** An authorization request that cannot be answered, and whose application is unknown. */
  readonly badRequest: { readonly title: string; readonly explanation: string };
  /** `registration`: in place of `explanation`, where the link confirms one. */
  readonly verify: Question & { readonly registration: string; readonly password: string };
  readonly recovery: Question & { readonly newPassword: string };
  /** Asks for the mail. */
  readonly startRecovery: Question;
  /** `mailed`: in place of `done`, where a mail has to confirm it. */
  readonly register: Question & { readonly password: string; readonly mailed: string };
  readonly stopReset: Question;
  /** `all`: the button that ends every session. `done` and `allDone` are only shown once the end is in effect. */
  readonly notMe: Question & {
    readonly all: string;
    readonly allDone: string;
    /** In place of `explanation`, where there is only the button `all`. */
    readonly explanations: Readonly<Record<Exclude<NoticeSubject, 'session'>, string>>;
    readonly takenBack: Readonly<Record<'factor' | 'codes' | 'email' | 'email_kept', string>>;
  };
  /** `link`: in place of `explanation`, to link an identity. */
  readonly provider: Omit<Question, 'done'> & { readonly link: string };
  readonly refusals: {
    readonly invalid_link: string;
    readonly password_refused: string;
    readonly email_taken: string;
    readonly mail_not_configured: string;
    readonly invalid_request: string;
    readonly invalid_credentials: string;
    readonly invalid_attempt: string;
    readonly identity_not_linked: string;
    readonly identity_taken: string;
    readonly provider_refused: string;
    readonly registration_closed: string;
    readonly rate_limited: string;
    readonly other: string;
  };
  /** The title of a refusal. */
  readonly refused: string;
  readonly account: ScriptPage;
  readonly admin: ScriptPage;
  /** `GET /`. */
  readonly root: {
    readonly title: string;
    readonly links: Readonly<Record<'account' | 'console' | 'documentation' | 'health', string>>;
  };
}

/** A page that is made by its script: what it says without one. */
interface ScriptPage {
  readonly title: string;
  readonly needsScript: string;
}

interface Question {
  readonly title: string;
  readonly explanation: string;
  readonly button: string;
  readonly done: string;
}
