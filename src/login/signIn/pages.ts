/** What the sign-in pages show. */
import type { AuthorityError } from '@countersign/verifier/errors';
import { textsFor } from '../../notifications/texts/languages.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import { Html, html } from '../../platform/html.ts';
import { form, forwardPage, type Page } from '../../transport/http/page.ts';
import type { ProviderButton } from '../providers/buttons.ts';
import { enrols, signInPath, stepPaths } from './paths.ts';

/** A login that waits for a second factor. */
export interface Pending {
  readonly loginToken: string;
  readonly factors: readonly string[];
  /** The user has no factor and must add one. */
  readonly enrols: boolean;
}

/** Of `second_factor_required`. */
export function pendingIn({ members }: AuthorityError): Pending {
  const { login_token, factors, enrolment } = members as {
    readonly login_token: string;
    readonly factors: readonly string[];
    readonly enrolment?: readonly string[];
  };
  return { loginToken: login_token, factors, enrols: enrolment !== undefined };
}

interface Waiting extends Pending {
  readonly returnTo: string;
  /** The kind of factor whose code was sent. */
  readonly started?: string;
}

export function passwordPage(
  language: string | undefined,
  typed: {
    readonly returnTo: string;
    readonly email: string;
    readonly providers: readonly ProviderButton[];
  },
  error?: AuthorityError,
): Page {
  return page(language, ({ signIn }) => [
    form({
      action: signInPath,
      hidden: { return_to: typed.returnTo },
      fields: html`<label for="email">${signIn.email}</label><input id="email" name="email" type="email" autocomplete="username" value="${typed.email}" required><label for="password">${signIn.password}</label><input id="password" name="password" type="password" autocomplete="current-password" required>`,
      button: signIn.button,
    }),
    ...typed.providers.map(
      ({ label, startUrl }) => html`<p><a href="${startUrl}">${signIn.withProvider(label)}</a></p>`,
    ),
  ])(error);
}

/** One form for each kind that works without script. */
export function factorPage(language: string | undefined, waiting: Waiting, error?: AuthorityError): Page {
  const { returnTo, loginToken, factors, started, enrols: mustAdd } = waiting;
  const hidden = { return_to: returnTo, login_token: loginToken, factors: factors.join(' ') };
  const sent = started === undefined ? {} : { started };
  const has = (factor: string) => factors.includes(factor);
  return page(language, ({ signIn }) => {
    const typed = (name: string, label: string) =>
      form({
        action: stepPaths.factor,
        hidden: { ...hidden, ...sent },
        fields: codeField(name, label),
        button: signIn.button,
      });
    const start = (factor: string, button: string) =>
      form({ action: stepPaths.start, hidden: { ...hidden, factor }, button });
    return [
      html`<p>${mustAdd ? signIn.mustAdd : signIn.secondFactor}</p>`,
      ...(mustAdd ? [start(enrols, signIn.addApp)] : []),
      ...(started === undefined ? [] : [typed('code', signIn.sentCode)]),
      ...(has('totp') ? [typed('totp', signIn.totp)] : []),
      ...(has('email_code') ? [start('email_code', signIn.sendMail)] : []),
      ...(has('sms_code') ? [start('sms_code', signIn.sendSms)] : []),
      ...(has('recovery_code') ? [typed('recovery_code', signIn.recoveryCode)] : []),
    ];
  })(error);
}

export function enrolPage(
  language: string | undefined,
  { returnTo, loginToken }: Waiting,
  { secret, qrSvg }: { readonly secret: string; readonly qrSvg: string },
): Page {
  return page(language, ({ signIn }) => [
    html`<p>${signIn.scan}</p>`,
    // Made by our own library from our own secret.
    new Html(qrSvg),
    html`<p><code>${secret}</code></p>`,
    form({
      action: stepPaths.factor,
      hidden: { return_to: returnTo, login_token: loginToken, factors: 'totp' },
      fields: codeField('totp', signIn.totp),
      button: signIn.button,
    }),
  ])(undefined);
}

export function goOnPage(language: string | undefined, to: string): Page {
  const texts = textsFor(language);
  const { title, goOn } = texts.pages.signIn;
  return forwardPage({ language: texts.language, title, link: goOn, to });
}

function codeField(name: string, label: string): Html {
  return html`<label for="${name}">${label}</label><input id="${name}" name="${name}" autocomplete="one-time-code" required>`;
}

function page(
  language: string | undefined,
  bodyOf: (texts: PageTexts) => readonly Html[],
): (error: AuthorityError | undefined) => Page {
  const texts = textsFor(language);
  const { signIn } = texts.pages;
  return (error) => ({
    ...{ language: texts.language, title: signIn.title, hasOwnForm: true },
    body: [
      ...(error === undefined ? [] : [html`<p role="alert">${refusalText(signIn, error)}</p>`]),
      ...bodyOf(texts.pages),
    ],
  });
}

function refusalText({ refusals }: PageTexts['signIn'], { code }: AuthorityError): string {
  return Object.entries(refusals).find(([name]) => name === code)?.[1] ?? refusals.other;
}
