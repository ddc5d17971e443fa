/** The pages for those who cannot sign in: a link for a new password, and, where anybody may register, a new account. */
import { helpPaths } from '../login/signIn/paths.ts';
import type { PageTexts } from '../notifications/texts/texts.ts';
import { html } from '../platform/html.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import type { RefusalPage } from '../transport/http/forms.ts';
import { type Form, sendPage } from '../transport/http/page.ts';
import { questionPage, refusalPage } from './pages.ts';

/** Where the forms are posted: routes that take JSON, too. */
export const startPaths = { recovery: '/auth/recovery', register: '/auth/register' } as const;

const recoveryForm = (texts: PageTexts, email = ''): Form => ({
  ...{ action: startPaths.recovery, hidden: {}, button: texts.startRecovery.button },
  fields: emailField(texts, email),
});

const registerForm = (texts: PageTexts, email = ''): Form => ({
  ...{ action: startPaths.register, hidden: {}, button: texts.register.button },
  fields: html`${emailField(texts, email)}<label for="password">${texts.register.password}</label><input id="password" name="password" type="password" autocomplete="new-password" required>`,
});

function emailField({ signIn }: PageTexts, email: string) {
  return html`<label for="email">${signIn.email}</label><input id="email" name="email" type="email" autocomplete="username" value="${email}" required>`;
}

/** What was typed stays, but for the password. */
const again =
  (formOf: typeof recoveryForm): RefusalPage =>
  ({ actor, body }, error) =>
    refusalPage(actor.language, error, (texts) => [formOf(texts, typedEmail(body))]);

function typedEmail(body: unknown): string {
  const { email } = (body ?? {}) as { readonly email?: unknown };
  return typeof email === 'string' ? email : '';
}

export const refusedPages = { recovery: again(recoveryForm), register: again(registerForm) };

export function helpRoutes(isRegistrationOpen: boolean): MountRoutes {
  return (app, { rateLimits }) => {
    const places = rateLimits.placeHook('reads');
    const recovery = { schema: { summary: 'The page that asks for a new password' }, ...places };
    app.get(helpPaths.recovery, recovery, async ({ actor }, reply) =>
      sendPage(
        reply,
        200,
        questionPage(actor.language, 'startRecovery', (texts) => [recoveryForm(texts)]),
      ),
    );
    if (!isRegistrationOpen) return;
    const register = { schema: { summary: 'The page that opens an account' }, ...places };
    app.get(helpPaths.register, register, async ({ actor }, reply) =>
      sendPage(
        reply,
        200,
        questionPage(actor.language, 'register', (texts) => [registerForm(texts)]),
      ),
    );
  };
}
