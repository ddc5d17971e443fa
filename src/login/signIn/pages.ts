/** What the sign-in pages show. */
import type { AuthorityError } from '@countersign/verifier/errors';
import { textsFor } from '../../notifications/texts/languages.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import { Html, html } from '../../platform/html.ts';
import { form, forwardPage, type Page } from '../../transport/http/page.ts';
import type { ProviderButton } from '../providers/buttons.ts';
import { enrols, helpPaths, signInPath, stepPaths } from './paths.ts';

/** What the page to sign in can offer here. */
export interface Offers {
  readonly passkeys: boolean;
  readonly registration: boolean;
}

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
    readonly offers: Offers;
  },
  error?: AuthorityError,
): Page {
  const { returnTo, offers } = typed;
  const sign = page(language, ({ signIn }) => [
    form({
      action: signInPath,
      hidden: { return_to: typed.returnTo },
      fields: html`<label for="email">${signIn.email}</label><input id="email" name="email" type="email" autocomplete="username webauthn" value="${typed.email}" required><label for="password">${signIn.password}</label><input id="password" name="password" type="password" autocomplete="current-password" required>`,
      button: signIn.button,
    }),
    ...(offers.passkeys ? [passkeyPlace(signIn, { returnTo })] : []),
    ...typed.providers.map(
      ({ label, startUrl }) =>
        html`<p><a class="button" href="${startUrl}">${signIn.withProvider(label)}</a></p>`,
    ),
    html`<p><a href="${helpPaths.recovery}">${signIn.forgotten}</a></p>`,
    ...(offers.registration ? [html`<p><a href="${helpPaths.register}">${signIn.register}</a></p>`] : []),
  ])(error);
  return offers.passkeys ? { ...sign, script: 'signIn' } : sign;
}

/** Filled by the script, if there is one: a button, and what it says when the passkey is not accepted. */
function passkeyPlace(
  { withPasskey, passkeyRefused }: PageTexts['signIn'],
  { returnTo, loginToken = '' }: { readonly returnTo: string; readonly loginToken?: string },
): Html {
  return html`<div id="passkey" hidden data-return-to="${returnTo}" data-login-token="${loginToken}" data-refused="${passkeyRefused}"><button type="button">${withPasskey}</button></div>`;
}

/** One form for each kind that works without script. */
export function factorPage(language: string | undefined, waiting: Waiting, error?: AuthorityError): Page {
  const { returnTo, loginToken, factors, started, enrols: mustAdd } = waiting;
  const hidden = { return_to: returnTo, login_token: loginToken, factors: factors.join(' ') };
  const sent = started === undefined ? {} : { started };
  const has = (factor: string) => factors.includes(factor);
  const step = page(language, ({ signIn }) => {
    const typed = (name: string, label: string) =>
      form({
        action: stepPaths.factor,
        hidden: { ...hidden, ...sent },
        fields: codeField(name, label),
        button: signIn.button,
      });
    const start = (factor: string, button: string) =>
      form({ action: stepPaths.start, hidden: { ...hidden, factor }, button, isOther: !mustAdd });
    const ways: readonly (readonly [isOffered: boolean, way: Html])[] = [
      [mustAdd, start(enrols, signIn.addApp)],
      [has('passkey'), passkeyPlace(signIn, { returnTo, loginToken })],
      [started !== undefined, typed('code', signIn.sentCode)],
      [has('totp'), typed('totp', signIn.totp)],
      [has('email_code'), start('email_code', signIn.sendMail)],
      [has('sms_code'), start('sms_code', signIn.sendSms)],
      [has('recovery_code'), typed('recovery_code', signIn.recoveryCode)],
    ];
    const offered = ways.flatMap(([isOffered, way]) => (isOffered ? [way] : []));
    return [html`<p>${mustAdd ? signIn.mustAdd : signIn.secondFactor}</p>`, ...offered];
  })(error);
  return has('passkey') ? { ...step, script: 'signIn' } : step;
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

/** Shown once, before it goes on. */
export function codesPage(language: string | undefined, to: string, codes: readonly string[]): Page {
  return page(language, ({ signIn }) => [
    html`<p>${signIn.keepCodes}</p>`,
    html`<ul>${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>`,
    html`<p><a class="button" href="${to}">${signIn.codesKept}</a></p>`,
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
