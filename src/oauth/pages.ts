/** Pages of OAuth: consent, sign-out, going on, and a request that cannot be answered. */
import type { AuthorityError } from '@countersign/verifier/errors';
import { textsFor } from '../notifications/texts/languages.ts';
import { html } from '../platform/html.ts';
import { form, type Page } from '../transport/http/page.ts';
import type { ConsentPage } from './authorization/authorize.ts';
import type { Form } from './form.ts';
import { oauthPaths } from './metadata.ts';

type Language = string | undefined;

export function consentPage(language: Language, asked: ConsentPage): Page {
  const texts = textsFor(language);
  const { title, asks, at, wants, scopes, allow, deny } = texts.pages.consent;
  const known: Readonly<Record<string, string>> = scopes;
  const items = asked.scopes.map((each) => html`<li>${known[each] ?? each}</li>`);
  const answer = (decision: string, button: string) =>
    form({
      action: oauthPaths.consent,
      hidden: { request: asked.sealed, session: asked.sessionId, decision },
      button,
    });
  return {
    ...{ language: texts.language, title, hasOwnForm: true },
    body: [
      html`<p>${asks(asked.application)}</p><p>${at(asked.audience)}</p><p>${wants}</p><ul>${items}</ul>`,
      answer('allow', allow),
      answer('deny', deny),
    ],
  };
}

export function signOutPage(language: Language, given: Form): Page {
  const texts = textsFor(language);
  const { title, explanation, button } = texts.pages.signOut;
  const hidden = Object.fromEntries(
    Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined),
  );
  return {
    ...{ language: texts.language, title, hasOwnForm: true },
    body: [html`<p>${explanation}</p>`, form({ action: oauthPaths.confirmLogout, hidden, button })],
  };
}

export function signedOutPage(language: Language): Page {
  const texts = textsFor(language);
  const { title, done } = texts.pages.signOut;
  return { language: texts.language, title, body: html`<p role="status">${done}</p>` };
}

/** The detail is for whoever develops the application; it is English. */
export function badRequestPage(language: Language, { detail }: AuthorityError): Page {
  const texts = textsFor(language);
  const { title, explanation } = texts.pages.badRequest;
  const why = detail === undefined ? html`` : html`<p><code>${detail}</code></p>`;
  return { language: texts.language, title, body: [html`<p role="alert">${explanation}</p>`, why] };
}
