/** A message as text for a mail or a phone. */
import { type Html, html } from '../platform/html.ts';
import type { Message } from './message.ts';
import { textsFor } from './texts/languages.ts';
import type { MailText, Part } from './texts/texts.ts';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly language: string;
}

export function renderMail({ template, locale, data }: Message): Mail {
  const { mails, language } = textsFor(locale);
  const render = (mails as Readonly<Record<string, (data: unknown) => MailText>>)[template];
  if (render === undefined) throw new Error(`${template} is no mail`);
  const { subject, body } = render(data);
  const page = html`<!doctype html><html lang="${language}"><body>${body.map(asHtml)}</body></html>`;
  return { subject, text: `${body.map(asText).join('\n\n')}\n`, html: page.text, language };
}

/** For a phone. */
export function renderSms({ template, locale, data }: Message): string {
  const { messages } = textsFor(locale);
  const render = (messages as Readonly<Record<string, (data: unknown) => string>>)[template];
  if (render === undefined) throw new Error(`${template} is no message for phones`);
  return render(data);
}

function asText(part: Part): string {
  if (typeof part === 'string') return part;
  if ('code' in part) return `    ${part.code}`;
  if ('link' in part) return part.link;
  return present(part.facts).join('\n');
}

function asHtml(part: Part): Html {
  if (typeof part === 'string') return html`<p>${part}</p>`;
  if ('code' in part) return html`<p style="font-size:2em;letter-spacing:.2em">${part.code}</p>`;
  if ('link' in part) return html`<p><a href="${part.link}">${part.link}</a></p>`;
  return html`<ul>${present(part.facts).map((fact) => html`<li>${fact}</li>`)}</ul>`;
}

function present(facts: readonly (string | undefined)[]): readonly string[] {
  return facts.filter((fact): fact is string => fact !== undefined && fact !== '');
}
