/**
 * The endpoints of OAuth that browsers come to: authorization and logout. The browser comes from another site, and so without our
 * cookie, which is `SameSite=Strict`: a page of ours sends it on to the endpoint that reads the cookie (ADR 45).
 */
import { type AuthorityError, errorTable } from '@countersign/verifier/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { goOnPage } from '../login/signIn/pages.ts';
import { signInAddress } from '../login/signIn/paths.ts';
import { forgetBrowser, readRefreshCookie } from '../sessions/refreshCookie.ts';
import type { HttpMount, MountRoutes } from '../transport/http/app.ts';
import { sendPage } from '../transport/http/page.ts';
import type { Authorization, Next } from './authorization/authorize.ts';
import { type Form, readForm, required } from './form.ts';
import { oauthPaths } from './metadata.ts';
import type { SignedOut, SignOut } from './openid/logout.ts';
import { badRequestPage, consentPage, signedOutPage, signOutPage } from './pages.ts';

type HttpApp = Parameters<MountRoutes>[0];

export interface PageOperations {
  readonly authorization: Authorization;
  readonly signOut: SignOut;
}

const showRefusal = (reply: FastifyReply, error: AuthorityError): void => {
  const { http } = errorTable[error.code];
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  sendPage(reply, http, badRequestPage(reply.request.actor.language, error));
};

const shown = { sendRefusal: showRefusal } as const;
const fromElsewhere = { ...shown, formOnly: true } as const;
const ownForm = { ...shown, ownForm: true, formOnly: true } as const;

export function pageRoutes(operations: PageOperations): MountRoutes {
  return (app, mount) => {
    authorizationRoutes(app, mount, operations);
    logoutRoutes(app, mount, operations);
  };
}

function authorizationRoutes(
  app: HttpApp,
  { rateLimits }: HttpMount,
  { authorization }: PageOperations,
): void {
  const places = rateLimits.placeHook('reads');
  const schema = { summary: 'Authorization (RFC 6749 §3.1): the browser is sent here by an application' };
  app.get(oauthPaths.authorize, { schema, config: shown, ...places }, async (request, reply) =>
    show(reply, await authorization.start(queryOf(request))),
  );
  app.post(oauthPaths.authorize, { schema, config: fromElsewhere, ...places }, async (request, reply) =>
    show(reply, await authorization.start(readForm(request.body))),
  );
  const codes = rateLimits.placeHook('authorize');
  const resuming = { schema: { summary: 'Authorization, with the cookie' }, config: shown, ...codes };
  app.get(oauthPaths.resume, resuming, async (request, reply) => {
    const sealed = required(queryOf(request), 'request');
    const next = await authorization.resume(sealed, readRefreshCookie(request.headers), request.actor);
    return show(reply, next, 'redirect');
  });
  const deciding = { schema: { summary: 'The answer to the consent page' }, config: ownForm, ...codes };
  app.post(oauthPaths.consent, deciding, async (request, reply) => {
    const form = readForm(request.body);
    const answer = {
      allows: required(form, 'decision') === 'allow',
      sessionId: required(form, 'session'),
    };
    const cookie = readRefreshCookie(request.headers);
    return show(reply, await authorization.decide(required(form, 'request'), answer, cookie, request.actor));
  });
}

/** After a form, another site is reached by a page: `form-action` would stop a redirect. */
function show(reply: FastifyReply, next: Next, how: 'page' | 'redirect' = 'page'): FastifyReply {
  const { language } = reply.request.actor;
  if (next.kind === 'consent') {
    return sendPage(reply, 200, consentPage(language, next.page));
  }
  const to = addressOf(next);
  if (how === 'page') return sendPage(reply, 200, goOnPage(language, to));
  return reply.header('cache-control', 'no-store').redirect(to, 303);
}

function addressOf(next: Exclude<Next, { kind: 'consent' }>): string {
  if (next.kind === 'go') return next.to;
  const resume = `${oauthPaths.resume}?${new URLSearchParams({ request: next.sealed })}`;
  return next.kind === 'resume' ? resume : signInAddress(resume, next.loginHint);
}

const logoutMembers = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'];

function logoutRoutes(app: HttpApp, { rateLimits }: HttpMount, { signOut }: PageOperations): void {
  const places = rateLimits.placeHook('reads');
  const schema = {
    summary: 'RP-initiated logout (OpenID Connect): the browser is sent here by an application',
  };
  const sendOn = (reply: FastifyReply, given: Form) => {
    const kept = Object.entries(given).filter(([name]) => logoutMembers.includes(name)) as [string, string][];
    const to = `${oauthPaths.resumeLogout}?${new URLSearchParams(kept)}`;
    return sendPage(reply, 200, goOnPage(reply.request.actor.language, to));
  };
  app.get(oauthPaths.logout, { schema, config: shown, ...places }, async (request, reply) =>
    sendOn(reply, queryOf(request)),
  );
  app.post(oauthPaths.logout, { schema, config: fromElsewhere, ...places }, async (request, reply) =>
    sendOn(reply, readForm(request.body)),
  );
  const ending = { endsWithEffect: true } as const;
  const endings = rateLimits.placeHook('sessions');
  const resuming = {
    schema: { summary: 'Logout, with the cookie' },
    config: { ...shown, ...ending },
    ...endings,
  };
  app.get(oauthPaths.resumeLogout, resuming, async (request, reply) => {
    const form = queryOf(request);
    const done = await signOut.byRequest(form, readRefreshCookie(request.headers), request.actor);
    if (done === 'ask') return sendPage(reply, 200, signOutPage(request.actor.language, form));
    return signedOut(reply, done);
  });
  const confirming = {
    ...{
      schema: { summary: 'The answer to the logout page' },
      config: { ...ownForm, ...ending },
      ...endings,
    },
  };
  app.post(oauthPaths.confirmLogout, confirming, async (request, reply) => {
    const form = readForm(request.body);
    return signedOut(reply, await signOut.confirmed(form, readRefreshCookie(request.headers), request.actor));
  });
}

function signedOut(reply: FastifyReply, { to }: SignedOut): FastifyReply {
  const { language } = reply.request.actor;
  forgetBrowser(reply);
  return sendPage(reply, 200, to === undefined ? signedOutPage(language) : goOnPage(language, to));
}

/** Repeated parameters are refused, so the address is read as it came. */
function queryOf({ raw: { url = '' } }: FastifyRequest): Form {
  const start = url.indexOf('?');
  return readForm(new URLSearchParams(start < 0 ? '' : url.slice(start)));
}
