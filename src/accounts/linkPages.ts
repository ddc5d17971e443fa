/** Routes of links in mails: GET shows the page, POST takes its form or JSON. */
import { oneTimeTokenHash } from '../platform/oneTimeTokens.ts';
import type { HttpMount, MountRoutes } from '../transport/http/app.ts';
import { type Page, sendPage } from '../transport/http/page.ts';
import { refusalPage } from './pages.ts';

export type HttpApp = Parameters<MountRoutes>[0];

/**
 * `GET path?token=…&about=…`. Scanners of mail open links, so it looks nothing up. They add parameters, which are ignored. `about`
 * only chooses the words of the page.
 */
export function linkPage(
  app: HttpApp,
  { rateLimits }: HttpMount,
  path: string,
  ask: (token: string, language: string | undefined, about: unknown) => Page,
): void {
  const schema = { summary: 'The page of a link in a mail; changes nothing.' };
  app.get(path, { schema, ...rateLimits.placeHook('links') }, async (request, reply) => {
    const { token, about } = request.query as { readonly token?: unknown; readonly about?: unknown };
    const { language } = request.actor;
    if (typeof token !== 'string' || oneTimeTokenHash(token) === undefined)
      return sendPage(reply, 400, refusalPage(language, { code: 'invalid_link', detail: undefined }));
    return sendPage(reply, 200, ask(token, language, about));
  });
}

/** The token of a form, for a page that asks again. */
export function tokenOf(body: unknown): string {
  const { token } = (body ?? {}) as { readonly token?: unknown };
  return typeof token === 'string' ? token : '';
}
