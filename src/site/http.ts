/**
 * The account page and the console: one document each, at every address below its own, since its script shows the view. Owns those
 * documents, their headers, and `GET /`. Does not own what they load (`packages/pages`) or the pages that work without script.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { textsFor } from '../notifications/texts/languages.ts';
import type { PageTexts } from '../notifications/texts/texts.ts';
import { html } from '../platform/html.ts';
import type { MountRoutes } from '../transport/http/app.ts';
import { sendPage } from '../transport/http/page.ts';

/** Where the pages are. */
export const pagePaths = { account: '/account/', admin: '/admin/' } as const;

type PageName = keyof typeof pagePaths;

/** Scripts and styles from here only, none inline, no text that becomes HTML, and in no frame. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "require-trusted-types-for 'script'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Audiences of the tokens that a page asks for: for `/auth/`, and for the API. */
interface Audiences {
  readonly account: string;
  readonly api: string;
}

export function scriptPageRoutes(audiences: Audiences): MountRoutes {
  return (app, { rateLimits }) => {
    const places = rateLimits.placeHook('reads');
    for (const name of Object.keys(pagePaths) as PageName[]) {
      const path = pagePaths[name];
      const schema = { summary: `The page ${path}, with its script.` };
      app.get(`${path}*`, { schema, ...places }, async (request, reply) =>
        document(request, reply, name, audiences),
      );
      const bare = path.slice(0, -1);
      app.get(bare, { schema: { summary: `Leads to ${path}` }, ...places }, async (_request, reply) =>
        reply.redirect(path, 301),
      );
    }
  };
}

function document(
  request: FastifyRequest,
  reply: FastifyReply,
  name: PageName,
  { account, api }: Audiences,
): FastifyReply {
  const { language, pages } = textsFor(request.actor.language);
  const { script, imports, styles } = reply.server.builtPages[name];
  const { title, needsScript } = pages[name];
  const head = [
    ...styles.map((each) => html`<link rel="stylesheet" href="${each}">`),
    ...imports.map((each) => html`<link rel="modulepreload" href="${each}">`),
    html`<script type="module" src="${script}"></script>`,
  ];
  const text = html`<html lang="${language}" data-audience="${account}" data-api="${api}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,"><title>${title}</title>${head}</head><body><div id="page"><noscript><main class="narrow"><h1>${title}</h1><p>${needsScript}</p></main></noscript></div></body></html>`;
  return reply
    .header('content-security-policy', contentPolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>${text.text}`);
}

/** Links for newcomers; public information only. */
const places = {
  name: 'Countersign',
  account: pagePaths.account,
  console: pagePaths.admin,
  documentation: '/docs',
  openapi: '/docs/json',
  keys: '/.well-known/jwks.json',
  metadata: '/.well-known/oauth-authorization-server',
  health: '/health/ready',
};

type Linked = keyof PageTexts['root']['links'];

export const rootRoute: MountRoutes = (app) => {
  app.get(
    '/',
    { schema: { summary: 'Where to go: a page for browsers, JSON for others.' } },
    async (request, reply) => {
      // The router takes `*` for `/`; RFC 9112 §3.2.4 allows it for OPTIONS only.
      if (request.raw.url === '*') throw new AuthorityError('not_found');
      reply.header('vary', 'accept');
      if (!/\btext\/html\b/.test(request.headers.accept ?? ''))
        return reply.header('cache-control', 'no-store').send(places);
      const { language, pages } = textsFor(request.actor.language);
      const { title, links } = pages.root;
      const items = (Object.keys(links) as Linked[]).map(
        (name) => html`<li><a href="${places[name]}">${links[name]}</a></li>`,
      );
      return sendPage(reply, 200, { language, title, body: html`<ul>${items}</ul>` });
    },
  );
};
