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

type MailTemplate = Exclude<TemplateName, 'verify_phone' | 'operator_event'>;
type SmsTemplate = 'login_code' | 'verify_phone' | 'factors_reset_requested';

export interface Texts {
  readonly language: string;
  readonly mails: { readonly [Name in MailTemplate]: (data: Templates[Name]) => MailText };
  readonly messages: { readonly [Name in SmsTemplate]: (data: Templates[Name]) => string };
  readonly pages: PageTexts;
}

/** Pages that links in mails lead to, and those of a sign-in with another provider. */
export interface PageTexts {
  /** `registration`: in place of `explanation`, where the link confirms one. */
  readonly verify: Question & { readonly registration: string; readonly password: string };
  readonly recovery: Question & { readonly newPassword: string };
  readonly stopReset: Question;
  /** `all`: the button that ends every session. `done` and `allDone` are only shown once the end is in effect. */
  readonly notMe: Question & {
    readonly all: string;
    readonly allDone: string;
    /** In place of `explanation`, where there is only the button `all`. */
    readonly explanations: Readonly<Record<Exclude<NoticeSubject, 'session'>, string>>;
    readonly takenBack: Readonly<Record<'factor' | 'codes' | 'email' | 'email_kept', string>>;
  };
  /** `link`: in place of `explanation`, to link an identity. `factor` asks for a second factor, in the field `code`. */
  readonly provider: Omit<Question, 'done'> & {
    readonly link: string;
    readonly factor: string;
    readonly code: string;
  };
  readonly refusals: {
    readonly invalid_link: string;
    readonly password_refused: string;
    readonly invalid_credentials: string;
    readonly invalid_attempt: string;
    readonly invalid_code: string;
    readonly identity_not_linked: string;
    readonly identity_taken: string;
    readonly provider_refused: string;
    readonly registration_closed: string;
    readonly second_factor_required: string;
    readonly rate_limited: string;
    readonly other: string;
  };
  /** The title of a refusal. */
  readonly refused: string;
}

interface Question {
  readonly title: string;
  readonly explanation: string;
  readonly button: string;
  readonly done: string;
}
