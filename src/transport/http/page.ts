/**
 * Small pages that the authority renders itself: a heading, text, a form. Owns their frame and headers. They work without script; one
 * may add to them. Nothing from elsewhere, and no referrer: the address of such a page may hold a one-time token.
 */
import type { FastifyReply } from 'fastify';
import { type Html, html } from '../../platform/html.ts';
import type { BuiltPages } from './builtPages.ts';

export interface Page {
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  readonly body: Html | readonly Html[];
  /** A page with a form that needs the cookie: browsers without Sec-Fetch-Site then say where the form is from. */
  readonly hasOwnForm?: boolean;
  /** Where the browser goes at once: a path of ours, or a redirect URI of a client. */
  readonly forwardTo?: string;
  /** What it adds, such as passkeys. */
  readonly script?: 'signIn';
}

const contentPolicy = (rules: readonly string[]) =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    ...rules,
  ].join('; ');

const plainPolicy = contentPolicy([]);
const scriptPolicy = contentPolicy([
  "script-src 'self'",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
]);

export function sendPage(reply: FastifyReply, status: number, page: Page): FastifyReply {
  return reply
    .code(status)
    .header('content-security-policy', page.script === undefined ? plainPolicy : scriptPolicy)
    .header('cache-control', 'no-store')
    .header('referrer-policy', referrerOf(page))
    .type('text/html; charset=utf-8')
    .send(textOf(page, reply.server.builtPages));
}

function referrerOf({ hasOwnForm = false }: Page): string {
  return hasOwnForm ? 'same-origin' : 'no-referrer';
}

function textOf(page: Page, built: BuiltPages): string {
  const { language, title, body, forwardTo, script } = page;
  // No referrer also as an element: a proxy in front may replace headers.
  const referrer = html`<meta name="referrer" content="${referrerOf(page)}">`.text;
  const forward =
    forwardTo === undefined ? '' : html`<meta http-equiv="refresh" content="0;url=${forwardTo}">`.text;
  const scripts =
    script === undefined ? '' : html`<script type="module" src="${built[script].script}"></script>`.text;
  const style = html`<link rel="stylesheet" href="${built.stylesheet}">`.text;
  const head = `<!doctype html><html lang="${html`${language}`.text}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">${referrer}${forward}${style}${scripts}`;
  return `${head}${html`<title>${title}</title></head><body><main class="narrow"><h1>${title}</h1>${body}</main></body></html>`.text}`;
}

/** Goes on at once. A redirect would do, but not after a form: browsers apply its `form-action` to redirects, too. */
export function forwardPage({
  language,
  title,
  link,
  to,
}: Pick<Page, 'language' | 'title'> & { readonly link: string; readonly to: string }): Page {
  return { language, title, body: html`<p><a href="${to}">${link}</a></p>`, forwardTo: to };
}

export interface Form {
  /** Where it is posted: a path of ours. */
  readonly action: string;
  readonly hidden: Readonly<Record<string, string>>;
  readonly fields?: Html;
  readonly button: string;
  /** Not what the page is for. */
  readonly isOther?: boolean;
}

export function form({ action, hidden, fields, button, isOther = false }: Form): Html {
  const inputs = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const kind = isOther ? html` class="other"` : html``;
  return html`<form${kind} method="post" action="${action}">${inputs}${fields}<button>${button}</button></form>`;
}
