/** The link that stops a reset of factors. GET shows a page and changes nothing; POST acts, without a password. */

import type { StopResetByLink } from '../login/factors/reset/stopReset.ts';
import { links } from '../notifications/links.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { isForm, type RefusalPage } from '../transport/http/forms.ts';
import { sendPage } from '../transport/http/page.ts';
import { noContent, operation } from '../transport/http/route.ts';
import { strict, text } from '../transport/http/schemas.ts';
import { Type } from '../transport/http/typebox.ts';
import { linkPage, tokenOf } from './linkPages.ts';
import { donePage, questionPage, refusalPage } from './pages.ts';

const { path } = links.factor_reset;
const body = Type.Object({ token: text('The token of the link.') }, strict);
const refused: RefusalPage = ({ actor }, error) => refusalPage(actor.language, error);

export function stopResetRoutes(stop: StopResetByLink): MountRoutes {
  return (app, mount) => {
    linkPage(app, mount, path, (token, language) =>
      questionPage(language, 'stopReset', ({ stopReset: { button } }) => [
        { action: path, hidden: { token }, button },
      ]),
    );
    const schema = {
      body,
      ...operation({
        summary: 'Stop the reset of my second factors that support was asked for; no password is asked',
        refusals: [400, 429, 503],
        response: noContent,
      }),
    };
    const options = { schema, config: { refusalPage: refused }, ...mount.rateLimits.placeHook('links') };
    app.post(path, options, async (request, reply) => {
      await stop(tokenOf(request.body), request.actor);
      if (!isForm(request)) return reply.code(204).send(null);
      return sendPage(reply, 200, donePage(request.actor.language, 'stopReset'));
    });
  };
}
