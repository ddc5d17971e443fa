/**
 * Small pages that the authority renders itself: a heading, text, a form. Owns their frame and headers. No script, nothing from
 * elsewhere, and no referrer: the address of such a page may hold a one-time token.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { type Html, html } from '../../platform/html.ts';

export interface Page {
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  readonly body: Html | readonly Html[];
  /** A page with a form that needs the cookie: browsers without Sec-Fetch-Site then say where the form is from. */
  readonly hasOwnForm?: boolean;
  /** Where the browser goes at once: a path of ours, or a redirect URI of a client. */
  readonly forwardTo?: string;
}

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1b1b1b;background:#f6f6f4}' +
  'main{max-width:32rem;margin:10vh auto;padding:2rem;background:#fff;border-radius:.5rem}' +
  'h1{font-size:1.4rem;margin-top:0}label{display:block;margin:1rem 0 .25rem}' +
  'input{font:inherit;padding:.5rem;width:100%;box-sizing:border-box}' +
  'button{font:inherit;margin-top:1rem;padding:.6rem 1rem;width:100%}[role=alert]{color:#a40000}';

const contentPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export function sendPage(reply: FastifyReply, status: number, page: Page): FastifyReply {
  return reply
    .code(status)
    .header('content-security-policy', contentPolicy)
    .header('cache-control', 'no-store')
    .header('referrer-policy', referrerOf(page))
    .type('text/html; charset=utf-8')
    .send(textOf(page));
}

function referrerOf({ hasOwnForm = false }: Page): string {
  return hasOwnForm ? 'same-origin' : 'no-referrer';
}

function textOf(page: Page): string {
  const { language, title, body, forwardTo } = page;
  // No referrer also as an element: a proxy in front may replace headers.
  const referrer = html`<meta name="referrer" content="${referrerOf(page)}">`.text;
  const forward =
    forwardTo === undefined ? '' : html`<meta http-equiv="refresh" content="0;url=${forwardTo}">`.text;
  const head = `<!doctype html><html lang="${html`${language}`.text}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">${referrer}${forward}<style>${style}</style>`;
  return `${head}${html`<title>${title}</title></head><body><main><h1>${title}</h1>${body}</main></body></html>`.text}`;
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
}

export function form({ action, hidden, fields, button }: Form): Html {
  const inputs = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  return html`<form method="post" action="${action}">${inputs}${fields}<button>${button}</button></form>`;
}
