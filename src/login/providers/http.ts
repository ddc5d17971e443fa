/** Sign-in with other providers over HTTP. A browser goes through `start` and `callback`; a page of ours completes it. */
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import { inCookieMode } from '../../sessions/csrf.ts';
import { readRefreshCookie, setRefreshCookie } from '../../sessions/refreshCookie.ts';
import { tokenResponse } from '../../sessions/schemas.ts';
import { inBody, inCookie } from '../../sessions/tokenReply.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import type { RefusalPage } from '../../transport/http/forms.ts';
import { sendPage } from '../../transport/http/page.ts';
import { operation } from '../../transport/http/route.ts';
import { type Static, Type } from '../../transport/http/typebox.ts';
import { loginQuery, secondFactorRequired } from '../schemas.ts';
import { factorPage, goOnPage, pendingIn } from '../signIn/pages.ts';
import { providerPath } from '../signIn/paths.ts';
import { type Attempts, clearedCookie, clearedCookies, type Destination } from './attempt.ts';
import type { ListProviders } from './buttons.ts';
import { type FindAttempt, type FinishAtProvider, invalidAttempt } from './callback.ts';
import type { Completed, CompleteProvider } from './complete.ts';
import { completePage, refused } from './pages.ts';
import * as schemas from './schemas.ts';
import type { StartedSignIn, StartProvider } from './startProvider.ts';

export interface SignInOperations {
  readonly listProviders: ListProviders;
  readonly startProvider: StartProvider;
  readonly findAttempt: FindAttempt;
  readonly finishAtProvider: FinishAtProvider;
  readonly completeProvider: CompleteProvider;
  readonly attempts: Pick<Attempts, 'cookieOf'>;
}

export function signInRoutes(operations: SignInOperations): readonly MountRoutes[] {
  return [
    listRoute(operations),
    startRoute(operations),
    callbackRoute(operations),
    completeRoute(operations),
    completePageRoutes(operations),
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
  const own = attempts.cookieOf(attempt);
  for (const cookie of [...clearedCookies(headers, own), own]) reply.header('set-cookie', cookie);
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
        return goTo(reply, `${providerPath}?handle=${handle}${link === undefined ? '' : '&about=link'}`);
      } catch (error) {
        if (handleTo === undefined || !(error instanceof AuthorityError)) throw error;
        return goTo(reply, `${handleTo}#provider_error=${error.code}`);
      }
    });
  };
}

function completeRoute({ completeProvider }: SignInOperations): MountRoutes {
  const schema = {
    querystring: loginQuery,
    body: schemas.completeBody,
    ...operation({
      summary: 'Complete a sign-in with another provider, or the link with an account',
      refusals: [400, 401, 403, 409, 429, 503],
      response: { 200: tokenResponse, 201: schemas.linkedBody, 403: secondFactorRequired },
    }),
  };
  return (app, { rateLimits, provedKey }) => {
    const options = { schema, config: { cookieMode: 'asked' }, ...rateLimits.placeHook('provider') } as const;
    app.post('/auth/providers/complete', options, async (request, reply) => {
      const { handle, device_name: deviceName, device_id: deviceId, audience } = request.body;
      const { headers, actor } = request;
      const cookieMode = inCookieMode(request);
      const replaces = cookieMode ? readRefreshCookie(headers) : undefined;
      const jkt = await provedKey(request);
      const input = { handle, headers, deviceName, deviceId, audience, replaces, jkt };
      const { attempt, tokens, linked, asked } = await completeProvider(input, actor);
      if (asked !== undefined) throw asked;
      reply.header('set-cookie', clearedCookie(attempt));
      if (tokens === undefined) return reply.code(201).send({ id: String(linked) });
      return cookieMode ? inCookie(reply, tokens) : inBody(tokens);
    });
  };
}

/** Our own page, for applications that have none: it goes on to `return_to`, or to the page that asks for the second factor. */
function completePageRoutes({ completeProvider }: SignInOperations): MountRoutes {
  return (app, { rateLimits }) => {
    const limited = rateLimits.placeHook('provider');
    const pageSchema = {
      summary: 'The page that completes a sign-in with another provider; changes nothing',
    };
    app.get(providerPath, { schema: pageSchema, ...limited }, async (request, reply) => {
      const { handle, about } = request.query as { readonly handle?: unknown; readonly about?: unknown };
      if (typeof handle !== 'string' || oneTimeTokenHash(handle) === undefined)
        return sendPage(reply, 400, refused(request, invalidAttempt('handle')));
      return sendPage(reply, 200, completePage(request.actor.language, handle, about === 'link'));
    });

    const schema = { summary: 'Complete a sign-in with the form of the page', body: schemas.completeForm };
    const options = { schema, config: { ownForm: true, refusalPage: refused }, ...limited } as const;
    app.post(providerPath, options, async (request, reply) => {
      const { handle } = request.body as Static<typeof schemas.completeForm>;
      const { headers, actor } = request;
      const input = { handle, headers, replaces: readRefreshCookie(headers) };
      return goOn(reply, await completeProvider(input, actor), actor);
    });
  };
}

function goOn(reply: Reply, { attempt, tokens, asked }: Completed, { language }: Actor) {
  const { returnTo = '/' } = attempt;
  if (asked !== undefined)
    return sendPage(reply, 403, factorPage(language, { returnTo, ...pendingIn(asked) }));
  reply.header('set-cookie', clearedCookie(attempt));
  if (tokens !== undefined) setRefreshCookie(reply, tokens.refreshToken, tokens.refreshExpiresIn);
  return sendPage(reply, 200, goOnPage(language, returnTo));
}
