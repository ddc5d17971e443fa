/** Recovery over HTTP. */

import { links } from '../../notifications/links.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import { html } from '../../platform/html.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { isForm, type RefusalPage } from '../../transport/http/forms.ts';
import { type Form, sendPage } from '../../transport/http/page.ts';
import { noContent, operation } from '../../transport/http/route.ts';
import { accepted, email, strict, text } from '../../transport/http/schemas.ts';
import { type Static, Type } from '../../transport/http/typebox.ts';
import { emailIn } from '../email.ts';
import { refusedPages, startPaths } from '../helpPages.ts';
import { linkPage, tokenOf } from '../linkPages.ts';
import { donePage, questionPage, refusalPage } from '../pages.ts';
import type { CompleteRecovery } from './completeRecovery.ts';
import type { StartRecovery } from './startRecovery.ts';

const { path: completePath } = links.recovery;

const startBody = Type.Object({ email }, strict);
const completeBody = Type.Object(
  { token: text('The token of the link.'), new_password: text('The new password.') },
  strict,
);

/** A password that cannot be used leaves the link good. */
const refused: RefusalPage = ({ actor, body }, error) =>
  refusalPage(actor.language, error, (texts) =>
    error.code === 'password_refused' ? [passwordForm(tokenOf(body), texts)] : [],
  );

export function recoveryRoutes(
  startRecovery: StartRecovery,
  completeRecovery: CompleteRecovery,
): MountRoutes {
  return (app, mount) => {
    const { rateLimits } = mount;
    const startSchema = {
      body: startBody,
      ...operation({
        summary: 'Send a link that sets a new password, if a user has this e-mail',
        refusals: [400, 429, 503],
        response: accepted,
      }),
    };
    const config = { refusalPage: refusedPages.recovery };
    const startOptions = { schema: startSchema, config, ...rateLimits.hooks('mail', emailIn) };
    app.post(startPaths.recovery, startOptions, async (request, reply) => {
      await startRecovery((request.body as Static<typeof startBody>).email, request.actor);
      if (isForm(request)) return sendPage(reply, 200, donePage(request.actor.language, 'startRecovery'));
      return reply.code(202).send({});
    });

    linkPage(app, mount, completePath, (token, language) =>
      questionPage(language, 'recovery', (texts) => [passwordForm(token, texts)]),
    );
    const completeSchema = {
      body: completeBody,
      ...operation({
        summary: 'Set a new password with the token of the link; every session ends',
        refusals: [400, 429, 503],
        response: noContent,
      }),
    };
    const completeOptions = {
      schema: completeSchema,
      config: { refusalPage: refused, endsWithEffect: true },
      ...rateLimits.placeHook('links'),
    } as const;
    app.post(completePath, completeOptions, async (request, reply) => {
      const { token, new_password: newPassword } = request.body as { token: string; new_password: string };
      await completeRecovery({ token, newPassword }, request.actor);
      if (isForm(request)) return sendPage(reply, 200, donePage(request.actor.language, 'recovery'));
      return reply.code(204).send(null);
    });
  };
}

function passwordForm(token: string, { recovery: { newPassword, button } }: PageTexts): Form {
  const fields = html`<label for="password">${newPassword}</label><input id="password" name="new_password" type="password" autocomplete="new-password" required>`;
  return { action: completePath, hidden: { token }, fields, button };
}
