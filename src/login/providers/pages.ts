/** Our own pages of a sign-in with another provider: a form with a button each, and no script. */
import type { AuthorityError } from '@countersign/verifier/errors';
import { questionPage, refusalPage } from '../../accounts/pages.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import { html } from '../../platform/html.ts';
import type { RefusalPage } from '../../transport/http/forms.ts';
import type { Form, Page } from '../../transport/http/page.ts';

export const completePath = '/auth/providers/complete';
export const factorPath = '/auth/providers/factor';

export const refused: RefusalPage = ({ actor }, error) => refusalPage(actor.language, error);

/** `isLink`: it only chooses the words. */
export function completePage(language: string | undefined, handle: string, isLink: boolean): Page {
  return questionPage(
    language,
    'provider',
    ({ provider: { button } }) => [{ action: completePath, hidden: { handle }, button }],
    ({ provider: { explanation, link } }) => (isLink ? link : explanation),
  );
}

/** Asks for what can be typed: other factors need a page of the application. */
export function factorPage(language: string | undefined, asked: AuthorityError, returnTo: string): Page {
  const { login_token: loginToken, factors } = asked.members as {
    readonly login_token: string;
    readonly factors: readonly string[];
  };
  if (!factors.some((factor) => factor === 'totp' || factor === 'recovery_code'))
    return refusalPage(language, asked);
  return questionPage(
    language,
    'provider',
    (texts) => [factorForm({ login_token: loginToken, return_to: returnTo }, texts)],
    ({ provider }) => provider.factor,
  );
}

/** A wrong code leaves the login under way. */
export const factorRefused: RefusalPage = ({ actor, body }, error) =>
  refusalPage(actor.language, error, (texts) => {
    const { login_token: loginToken, return_to: returnTo } = (body ?? {}) as Readonly<
      Record<string, unknown>
    >;
    const isKnown = typeof loginToken === 'string' && typeof returnTo === 'string';
    if (error.code !== 'invalid_code' || !isKnown) return [];
    return [factorForm({ login_token: loginToken, return_to: returnTo }, texts)];
  });

function factorForm(hidden: Form['hidden'], { provider: { code, button } }: PageTexts): Form {
  const fields = html`<label for="code">${code}</label><input id="code" name="code" autocomplete="one-time-code" required>`;
  return { action: factorPath, hidden, fields, button };
}
