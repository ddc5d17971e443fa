/** The pages that links in mails lead to: a question on GET, which changes nothing, and the outcome of its form. */
import type { AuthorityError } from '@countersign/verifier/errors';
import { signInPath } from '../login/signIn/paths.ts';
import { textsFor } from '../notifications/texts/languages.ts';
import type { PageTexts, Texts } from '../notifications/texts/texts.ts';
import { html } from '../platform/html.ts';
import { type Form, form, type Page } from '../transport/http/page.ts';

type PageName = 'verify' | 'recovery' | 'startRecovery' | 'register' | 'notMe' | 'stopReset' | 'provider';

/** `forms`: each has its own button. */
export function questionPage(
  language: string | undefined,
  name: PageName,
  forms: (texts: PageTexts) => readonly Form[],
  explain: (texts: PageTexts) => string = (texts) => texts[name].explanation,
): Page {
  const texts = textsFor(language);
  const { title } = texts.pages[name];
  return page(texts, title, [html`<p>${explain(texts.pages)}</p>`, ...forms(texts.pages).map(form)]);
}

export function donePage(
  language: string | undefined,
  name: Exclude<PageName, 'provider'>,
  say: (texts: PageTexts) => readonly string[] = (texts) => [texts[name].done],
): Page {
  const texts = textsFor(language);
  const said = say(texts.pages).map((each) => html`<p>${each}</p>`);
  const goOn = html`<p><a href="${signInPath}">${texts.pages.signIn.title}</a></p>`;
  return page(texts, texts.pages[name].title, [html`<div role="status">${said}</div>`, goOn]);
}

/** `forms`: to try again. */
export function refusalPage(
  language: string | undefined,
  { code, detail }: Pick<AuthorityError, 'code' | 'detail'>,
  forms: (texts: PageTexts) => readonly Form[] = () => [],
): Page {
  const texts = textsFor(language);
  const { refused, refusals } = texts.pages;
  const known = Object.entries(refusals).find(([name]) => name === code)?.[1];
  // The detail of a password rule says which one; it is English.
  const rule = code === 'password_refused' && detail !== undefined ? html`<p>${detail}</p>` : html``;
  const alert = html`<p role="alert">${known ?? refusals.other}</p>`;
  return page(texts, refused, [alert, rule, ...forms(texts.pages).map(form)]);
}

function page({ language }: Texts, title: string, body: readonly ReturnType<typeof html>[]): Page {
  return { language, title, body };
}
