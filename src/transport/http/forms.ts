/** Form bodies, for the few routes that our own pages post to. */
import type { IncomingHttpHeaders } from 'node:http';
import { type AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FastifyRequest } from 'fastify';
import type { HttpApp } from './bareApp.ts';
import type { Page } from './page.ts';

/** What a browser says of a form. */
const formType = /^application\/x-www-form-urlencoded(?: *; *charset="?utf-8"?)? *$/i;

/** The page of a refusal, for a form. */
export type RefusalPage = (request: FastifyRequest, error: AuthorityError) => Page;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a form beside JSON. */
    readonly refusalPage?: RefusalPage;
    /** Browsers navigate to the route: its refusals are pages, too. */
    readonly isNavigated?: true;
    /** The route takes forms only; its body is `URLSearchParams`. */
    readonly formOnly?: true;
  }
}

/** Whether the request is a form, and its route takes one. */
export function isForm({
  headers,
  routeOptions,
}: {
  readonly headers: IncomingHttpHeaders;
  readonly routeOptions: FastifyRequest['routeOptions'];
}): boolean {
  const type = headers['content-type'];
  const { refusalPage, formOnly } = routeOptions.config ?? {};
  return (refusalPage !== undefined || formOnly === true) && type !== undefined && formType.test(type);
}

/** Each field once, as text. */
export function acceptForms(app: HttpApp): void {
  app.addContentTypeParser(formType, { parseAs: 'string' }, (request, body, done) => {
    const given = new URLSearchParams(body as string);
    if (request.routeOptions.config?.formOnly === true) return done(null, given);
    const fields = [...given];
    const value = Object.fromEntries(fields);
    const isUnique = Object.keys(value).length === fields.length;
    done(isUnique ? null : invalidField('body', 'unique', 'must name each field once'), value);
  });
}
