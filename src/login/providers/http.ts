/** Sign-in with other providers over HTTP. A browser goes through `start` and `callback`; a page of ours completes it. */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { inCookieMode } from '../../sessions/csrf.ts';
import { readRefreshCookie } from '../../sessions/refreshCookie.ts';
import { tokenResponse } from '../../sessions/schemas.ts';
import { inBody, inCookie } from '../../sessions/tokenReply.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import { isForm, type RefusalPage } from '../../transport/http/forms.ts';
import { sendPage } from '../../transport/http/page.ts';
import { operation } from '../../transport/http/route.ts';
import { Type } from '../../transport/http/typebox.ts';
import type { FinishLogin } from '../factors/finishLogin.ts';
import { loginQuery, secondFactorRequired } from '../schemas.ts';
import { type Attempts, clearedCookie, clearedCookies, type Destination } from './attempt.ts';
import type { ListProviders } from './buttons.ts';
import { type FindAttempt, type FinishAtProvider, invalidAttempt } from './callback.ts';
import type { Completed, CompleteProvider } from './complete.ts';
import { completePage, completePath, factorPage, factorPath, factorRefused, refused } from './pages.ts';
import * as schemas from './schemas.ts';
import type { StartedSignIn, StartProvider } from './startProvider.ts';

export interface SignInOperations {
  readonly listProviders: ListProviders;
  readonly startProvider: StartProvider;
  readonly findAttempt: FindAttempt;
  readonly finishAtProvider: FinishAtProvider;
  readonly completeProvider: CompleteProvider;
  readonly finishLogin: FinishLogin;
  readonly attempts: Pick<Attempts, 'cookieOf'>;
}

export function signInRoutes(operations: SignInOperations): readonly MountRoutes[] {
  return [
    listRoute(operations),
    startRoute(operations),
    callbackRoute(operations),
    completePageRoute,
    completeRoute(operations),
    factorRoute(operations),
  ];
}

type Request = Parameters<RefusalPage>[0];
type Reply = Parameters<typeof sendPage>[0];

const redirected = { 303: Type.Null({ description: 'The browser goes on.' }) };

function listRoute({ listProviders }: SignInOperations): MountRoutes {
  const schema = operation({
    summary: 'The providers that users may sign in with',
    refusals: [429],
    response: { 200: schemas.providersBody },
  });
  return (app, { rateLimits }) => {
    app.get('/auth/providers', { schema, ...rateLimits.placeHook('reads') }, async () => ({
      providers: listProviders().map(({ name, label, startUrl }) => ({ name, label, start_url: startUrl })),
    }));
  };
}

function startRoute({ startProvider, attempts }: SignInOperations): MountRoutes {
  const schema = {
    params: schemas.nameParams,
    querystring: schemas.destination,
    ...operation({
      summary: 'Sign in with another provider: a browser is sent there',
      refusals: [400, 404, 429, 503],
      response: redirected,
    }),
  };
  const config = { isNavigated: true, refusalPage: refused } as const;
  return (app, { rateLimits }) => {
    const options = { schema, config, ...rateLimits.placeHook('provider') };
    app.get('/auth/providers/:name/start', options, async (request, reply) => {
      const to = destinationOf(request.query);
      const started = await startProvider(request.params.name, to, request.actor);
      keepAttempt(request, reply, attempts, started);
      return goTo(reply, started.location);
    });
  };
}

/** Throws `invalid_request` for both. */
export function destinationOf(given: {
  readonly return_to?: string;
  readonly handle_to?: string;
}): Destination {
  const { return_to: returnTo, handle_to: handleTo } = given;
  if (returnTo !== undefined && handleTo !== undefined)
    throw invalidField('handle_to', 'one_of', 'must not come with return_to');
  return { returnTo, handleTo };
}

export function keepAttempt(
  { headers }: Request,
  reply: Reply,
  attempts: Pick<Attempts, 'cookieOf'>,
  { attempt }: StartedSignIn,
): void {
  for (const cookie of [...clearedCookies(headers), attempts.cookieOf(attempt)])
    reply.header('set-cookie', cookie);
}

function goTo(reply: Reply, location: string) {
  return reply.code(303).header('location', location).send(null);
}

/** Providers send parameters of their own beside those of the protocol, so the query has no schema. */
function callbackRoute({ findAttempt, finishAtProvider }: SignInOperations): MountRoutes {
  const schema = {
    params: schemas.nameParams,
    ...operation({
      summary: 'Where the provider sends the browser back to',
      refusals: [400, 403, 404, 429, 503],
      response: redirected,
    }),
  };
  const config = { isNavigated: true, refusalPage: refused } as const;
  return (app, { rateLimits }) => {
    const options = { schema, config, ...rateLimits.placeHook('provider') };
    app.get('/auth/providers/:name/callback', options, async (request, reply) => {
      const [, query = ''] = /\?(.*)$/.exec(request.url) ?? [];
      const attempt = findAttempt(request.params.name, new URLSearchParams(query), request.headers);
      const { handleTo, link } = attempt;
      try {
        const handle = await finishAtProvider(attempt, query);
        if (handleTo !== undefined) return goTo(reply, `${handleTo}#provider_handle=${handle}`);
        return goTo(reply, `${completePath}?handle=${handle}${link === undefined ? '' : '&about=link'}`);
      } catch (error) {
        if (handleTo === undefined || !(error instanceof AuthorityError)) throw error;
        return goTo(reply, `${handleTo}#provider_error=${error.code}`);
      }
    });
  };
}

const completePageRoute: MountRoutes = (app, { rateLimits }) => {
  const schema = { summary: 'The page that completes a sign-in; changes nothing.' };
  app.get(completePath, { schema, ...rateLimits.placeHook('provider') }, async (request, reply) => {
    const { handle, about } = request.query as { readonly handle?: unknown; readonly about?: unknown };
    if (typeof handle !== 'string' || oneTimeTokenHash(handle) === undefined)
      return sendPage(reply, 400, refused(request, invalidAttempt('handle')));
    return sendPage(reply, 200, completePage(request.actor.language, handle, about === 'link'));
  });
};

function completeRoute({ completeProvider }: SignInOperations): MountRoutes {
  const schema = {
    querystring: loginQuery,
    body: schemas.completeBody,
    ...operation({
      summary: 'Complete a sign-in with another provider, or the link with an account',
      refusals: [400, 401, 403, 409, 429, 503],
      response: { 200: tokenResponse, 201: schemas.linkedBody, 403: secondFactorRequired, ...redirected },
    }),
  };
  const config = { cookieMode: 'asked', refusalPage: refused } as const;
  return (app, { rateLimits }) => {
    const options = { schema, config, ...rateLimits.placeHook('provider') };
    app.post(completePath, options, async (request, reply) => {
      const { body, headers, actor } = request;
      const { handle, device_name: deviceName, device_id: deviceId, audience } = body;
      const mode = modeOf(request);
      const replaces = mode === 'body' ? undefined : readRefreshCookie(headers);
      const input = { handle, headers, deviceName, deviceId, audience, replaces };
      const completed = await completeProvider(input, actor);
      return mode === 'form' ? onPage(reply, completed, actor) : inAnswer(reply, completed, mode);
    });
  };
}

/** Where the refresh token goes: into the cookie, for our own page and for a browser's script, or into the body. */
type Mode = 'form' | 'cookie' | 'body';

function modeOf(request: Request): Mode {
  if (!isForm(request)) return inCookieMode(request) ? 'cookie' : 'body';
  requireOwnForm(request);
  return 'form';
}

function onPage(reply: Reply, { attempt, tokens, asked }: Completed, { language }: Actor) {
  const { returnTo = '/' } = attempt;
  if (asked !== undefined) return sendPage(reply, 403, factorPage(language, asked, returnTo)) as never;
  reply.header('set-cookie', clearedCookie(attempt));
  if (tokens !== undefined) inCookie(reply, tokens);
  return goTo(reply, returnTo);
}

function inAnswer(reply: Reply, { attempt, tokens, linked, asked }: Completed, mode: Mode) {
  if (asked !== undefined) throw asked;
  reply.header('set-cookie', clearedCookie(attempt));
  if (tokens === undefined) return reply.code(201).send({ id: String(linked) });
  return mode === 'cookie' ? inCookie(reply, tokens) : inBody(tokens);
}

/** A form cannot send the header of `csrf.ts`; what the browser says of the asking page, no page can forge. */
function requireOwnForm({ headers }: Request): void {
  if (headers['sec-fetch-site'] === 'same-origin') return;
  const detail = 'sec-fetch-site: must be same-origin for a form';
  throw new AuthorityError('csrf_refused', { reason: 'form', detail });
}

/** The second step of a sign-in on our own page; applications use `POST /auth/login/factor`. */
function factorRoute({ finishLogin }: SignInOperations): MountRoutes {
  const schema = {
    body: schemas.factorBody,
    ...operation({
      summary: 'The second factor of a sign-in with another provider, from its page',
      refusals: [400, 401, 403, 429, 503],
      response: redirected,
    }),
  };
  const config = { refusalPage: factorRefused } as const;
  return (app, { rateLimits }) => {
    const options = { schema, config, ...rateLimits.placeHook('factor') };
    app.post(factorPath, options, async (request, reply) => {
      requireOwnForm(request);
      const { login_token: loginToken, code, return_to: returnTo } = request.body;
      const proof = { member: /^\d{6}$/.test(code) ? 'totp' : 'recovery_code', value: code };
      const replaces = readRefreshCookie(request.headers);
      inCookie(reply, await finishLogin({ loginToken, proof, replaces }, request.actor));
      return goTo(reply, returnTo);
    });
  };
}
