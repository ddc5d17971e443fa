/**
 * The sign-in pages: `/sign-in` and its steps, for applications that send their users here, and for whoever has no page of their own.
 * They work without script. Each form posts here and gets the next page; the last one goes on to `return_to`, a path of ours, with
 * the session in the browser's cookie.
 */
import { type AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { emailIn } from '../../accounts/email.ts';
import { links } from '../../notifications/links.ts';
import { readRefreshCookie, setRefreshCookie } from '../../sessions/refreshCookie.ts';
import type { TokenResponse } from '../../sessions/tokenResponse.ts';
import type { HttpMount, MountRoutes } from '../../transport/http/app.ts';
import { type Page, sendPage } from '../../transport/http/page.ts';
import { email, strict, text } from '../../transport/http/schemas.ts';
import { type Static, Type } from '../../transport/http/typebox.ts';
import type { EnrolAtLogin } from '../factors/enrolAtLogin.ts';
import type { FinishLogin } from '../factors/finishLogin.ts';
import type { StartLoginFactor } from '../factors/startFactor.ts';
import { loginLimits } from '../limits.ts';
import type { Login } from '../login.ts';
import type { ListProviders } from '../providers/buttons.ts';
import { codesPage, enrolPage, factorPage, goOnPage, type Offers, passwordPage, pendingIn } from './pages.ts';
import { enrols, signInPath, stepPaths } from './paths.ts';

export interface SignInOperations {
  readonly login: Login;
  readonly finishLogin: FinishLogin;
  readonly startLoginFactor: StartLoginFactor;
  readonly enrolAtLogin: EnrolAtLogin;
  readonly listProviders: ListProviders;
  readonly offers: Offers;
  /** The origin of ISSUER. */
  readonly origin: string;
}

/** Where nobody asked for another page: the account. */
const afterSignIn = '/account/';

type HttpApp = Parameters<MountRoutes>[0];

const returnTo = Type.String({ maxLength: loginLimits.returnToCharacters });
const loginToken = text('The login under way.');
const code = Type.Optional(Type.String({ maxLength: loginLimits.typedCodeCharacters }));

const passwordForm = Type.Object({ return_to: returnTo, email, password: text('The password.') }, strict);
const factorForm = Type.Object(
  {
    return_to: returnTo,
    login_token: loginToken,
    factors: Type.String(),
    // The kind whose code was sent: its field stays when the code is mistyped.
    started: Type.Optional(Type.String()),
    totp: code,
    recovery_code: code,
    code,
  },
  strict,
);
const startForm = Type.Object(
  { return_to: returnTo, login_token: loginToken, factors: Type.String(), factor: Type.String() },
  strict,
);

export function signInRoutes(operations: SignInOperations): MountRoutes {
  return (app, mount) => {
    pageRoute(app, mount, operations);
    passwordRoute(app, mount, operations);
    factorRoutes(app, mount, operations);
  };
}

function pageRoute(
  app: HttpApp,
  { rateLimits }: HttpMount,
  { origin, listProviders, offers }: SignInOperations,
): void {
  const schema = { summary: 'The page to sign in; changes nothing.' };
  app.get(signInPath, { schema, ...rateLimits.placeHook('reads') }, async (request, reply) => {
    const { return_to: asked, login_hint: hint } = request.query as Readonly<Record<string, unknown>>;
    const to = ownPath(origin, typeof asked === 'string' ? asked : afterSignIn);
    return sendPage(
      reply,
      200,
      passwordPage(languageOf(request), {
        ...{ returnTo: to, email: typeof hint === 'string' ? hint : '', providers: listProviders(to) },
        offers,
      }),
    );
  });
}

function passwordRoute(app: HttpApp, { rateLimits }: HttpMount, operations: SignInOperations): void {
  const { login, listProviders, origin, offers } = operations;
  const refused = (request: FastifyRequest, error: AuthorityError): Page => {
    const { return_to: asked, email: typed } = fieldsOf(request);
    const to = safePath(origin, asked);
    if (error.code === 'second_factor_required')
      return factorPage(languageOf(request), { returnTo: to, ...pendingIn(error) });
    const { password_token: token } = error.members ?? {};
    if (typeof token === 'string')
      return goOnPage(languageOf(request), `${links.recovery.path}?${new URLSearchParams({ token })}`);
    const form = { returnTo: to, email: typed ?? '', providers: listProviders(to), offers };
    return passwordPage(languageOf(request), form, error);
  };
  const options = {
    schema: { summary: 'Sign in with the form of the page', body: passwordForm },
    config: { ownForm: true, refusalPage: refused },
    ...rateLimits.hooks('login', emailIn),
  } as const;
  app.post(signInPath, options, async (request, reply) => {
    const { return_to: asked, email: given, password } = request.body as Static<typeof passwordForm>;
    const to = ownPath(origin, asked);
    const replaces = readRefreshCookie(request.headers);
    return goOn(request, reply, to, await login({ email: given, password, replaces }, request.actor));
  });
}

function factorRoutes(app: HttpApp, { rateLimits }: HttpMount, operations: SignInOperations): void {
  const { finishLogin, startLoginFactor, enrolAtLogin, origin } = operations;
  const refused = (request: FastifyRequest, error: AuthorityError): Page => {
    const { return_to: asked, login_token: token = '', factors = '', started, factor } = fieldsOf(request);
    const pending = { loginToken: token, factors: factors.split(' '), enrols: factor === enrols };
    const page = { ...pending, returnTo: safePath(origin, asked), ...(started ? { started } : {}) };
    return factorPage(languageOf(request), page, error);
  };
  const config = { ownForm: true, refusalPage: refused } as const;
  const places = rateLimits.placeHook('factor');
  const schemaOf = (summary: string, body: typeof startForm | typeof factorForm) => ({ summary, body });

  const finishing = { schema: schemaOf('Finish signing in with a second factor', factorForm), config };
  app.post(stepPaths.factor, { ...finishing, ...places }, async (request, reply) => {
    const {
      return_to: asked,
      login_token: token,
      factors: _,
      started: __,
      ...given
    } = request.body as Static<typeof factorForm>;
    const to = ownPath(origin, asked);
    const [proof, ...more] = Object.entries(given).filter(([, value]) => value !== '');
    if (proof === undefined || more.length > 0)
      throw invalidField('code', 'one_proof', 'fill in exactly one field');
    const input = {
      loginToken: token,
      proof: { member: proof[0], value: proof[1].trim() },
      replaces: readRefreshCookie(request.headers),
    };
    const { tokens, recoveryCodes } = await finishLogin(input, request.actor);
    return goOn(request, reply, to, tokens, recoveryCodes);
  });

  const starting = { schema: schemaOf('Send a code, or add an authenticator app', startForm), config };
  app.post(stepPaths.start, { ...starting, ...places }, async (request, reply) => {
    const {
      return_to: asked,
      login_token: token,
      factors,
      factor,
    } = request.body as Static<typeof startForm>;
    const pending = { returnTo: ownPath(origin, asked), loginToken: token, enrols: false };
    const language = languageOf(request);
    if (factor === enrols) {
      const { secret, qrSvg } = await enrolAtLogin(token, request.actor);
      return sendPage(reply, 200, enrolPage(language, { ...pending, factors: [] }, { secret, qrSvg }));
    }
    await startLoginFactor({ loginToken: token, factor }, request.actor);
    return sendPage(
      reply,
      200,
      factorPage(language, { ...pending, factors: factors.split(' '), started: factor }),
    );
  });
}

function goOn(
  request: FastifyRequest,
  reply: FastifyReply,
  to: string,
  { refreshToken, refreshExpiresIn }: TokenResponse,
  recoveryCodes: readonly string[] = [],
): FastifyReply {
  setRefreshCookie(reply, refreshToken, refreshExpiresIn);
  const language = languageOf(request);
  return sendPage(
    reply,
    200,
    recoveryCodes.length === 0 ? goOnPage(language, to) : codesPage(language, to, recoveryCodes),
  );
}

function languageOf({ actor }: FastifyRequest): string | undefined {
  return actor.language;
}

function fieldsOf({ body }: FastifyRequest): Readonly<Record<string, string | undefined>> {
  return (body ?? {}) as Readonly<Record<string, string | undefined>>;
}

/** A path of this origin, as a browser would read it. Throws `invalid_request`: never a way to somewhere else (RFC 9700 §4.11). */
function ownPath(origin: string, text: string): string {
  const url = URL.canParse(text, origin) ? new URL(text, origin) : undefined;
  if (!text.startsWith('/') || url === undefined || url.origin !== origin || url.pathname.startsWith('//'))
    throw invalidField('return_to', 'own_path', 'must be a path of this authority');
  return url.pathname + url.search;
}

function safePath(origin: string, text: string | undefined): string {
  try {
    return ownPath(origin, text ?? afterSignIn);
  } catch {
    return afterSignIn;
  }
}
