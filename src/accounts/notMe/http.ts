/** The link "this was not me" over HTTP. */

import { links } from '../../notifications/links.ts';
import { noticeSubjects } from '../../notifications/message.ts';
import type { PageTexts } from '../../notifications/texts/texts.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { isForm, type RefusalPage } from '../../transport/http/forms.ts';
import { sendPage } from '../../transport/http/page.ts';
import { noContent, operation } from '../../transport/http/route.ts';
import { strict, text } from '../../transport/http/schemas.ts';
import { Type } from '../../transport/http/typebox.ts';
import { linkPage } from '../linkPages.ts';
import { donePage, questionPage, refusalPage } from '../pages.ts';
import type { NotMe } from './notMe.ts';

const { path } = links.not_me;
const widerThanSession = noticeSubjects.filter((each) => each !== 'session');

const notMeBody = Type.Object(
  {
    token: text('The token of the link.'),
    all: Type.Optional(
      Type.Union([Type.Boolean(), Type.Literal('true')], {
        description: 'End all sessions. A form sends text.',
      }),
    ),
  },
  strict,
);

const refused: RefusalPage = ({ actor }, error) => refusalPage(actor.language, error);

export function notMeRoutes(notMe: NotMe): MountRoutes {
  return (app, mount) => {
    linkPage(app, mount, path, (token, language, about) => {
      const wider = widerThanSession.find((each) => each === about);
      const forms = ({ notMe: { button, all } }: PageTexts) => [
        ...(wider === undefined ? [{ action: path, hidden: { token }, button }] : []),
        { action: path, hidden: { token, all: 'true' }, button: all },
      ];
      return questionPage(language, 'notMe', forms, ({ notMe: { explanation, explanations } }) =>
        wider === undefined ? explanation : explanations[wider],
      );
    });
    const schema = {
      body: notMeBody,
      ...operation({
        summary:
          'End the session that a notice is about, or all, and take back what was done; no password is asked',
        refusals: [400, 429, 503],
        response: noContent,
      }),
    };
    const options = {
      schema,
      config: { refusalPage: refused, endsWithEffect: true },
      ...mount.rateLimits.placeHook('links'),
    } as const;
    app.post(path, options, async (request, reply) => {
      const { token, all = false } = request.body as { token: string; all?: boolean | 'true' };
      const { ended, takenBack } = await notMe({ token, all: all !== false }, request.actor);
      if (!isForm(request)) return reply.code(204).send(null);
      const page = donePage(request.actor.language, 'notMe', ({ notMe: texts }) => [
        ended === 'all' ? texts.allDone : texts.done,
        ...(takenBack === undefined ? [] : [texts.takenBack[takenBack]]),
      ]);
      return sendPage(reply, 200, page);
    });
  };
}
