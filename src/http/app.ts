/**
 * The HTTP edge: translates a request, calls one flow, translates its result back. Owns routes, schemas, headers and
 * limits of HTTP. Does not own any rule about users, sessions or tokens.
 */
import { AuthorityError } from '../core/errors.ts';
import type { ChangePassword } from '../flows/changePassword.ts';
import type { DeleteAccount } from '../flows/deleteAccount.ts';
import type { EndSession } from '../flows/endSession.ts';
import type { Introspect } from '../flows/introspect.ts';
import type { ListSessions } from '../flows/listSessions.ts';
import type { Login } from '../flows/login.ts';
import type { Logout } from '../flows/logout.ts';
import type { LogoutAll } from '../flows/logoutAll.ts';
import type { LogoutOthers } from '../flows/logoutOthers.ts';
import type { Refresh } from '../flows/refresh.ts';
import type { Register } from '../flows/register.ts';
import type { KeyPolicy } from '../keys/keyPolicy.ts';
import type { KeyRing } from '../keys/keyRing.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createBareApp, type HttpApp } from './bareApp.ts';
import { createAuthenticate } from './caller.ts';
import { type ClientAddressParts, knowClientAddress } from './clientAddress.ts';
import { limitConnections } from './connections.ts';
import { allowOrigins } from './cors.ts';
import { guardCookie } from './csrf.ts';
import { acceptOnlyJson } from './hygiene.ts';
import { createRateLimits, type RateLimitParts } from './rateLimits.ts';
import { authRoutes } from './routes/auth.ts';
import { docsRoutes } from './routes/docs.ts';
import { logoutRoutes } from './routes/logout.ts';
import { healthPaths, healthRoutes } from './routes/operations.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { wellKnownRoutes } from './routes/wellKnown.ts';

export interface HttpFlows {
  readonly register: Register;
  readonly login: Login;
  readonly refresh: Refresh;
  readonly logout: Logout;
  readonly logoutAll: LogoutAll;
  readonly logoutOthers: LogoutOthers;
  readonly deleteAccount: DeleteAccount;
  readonly changePassword: ChangePassword;
  readonly listSessions: ListSessions;
  readonly endSession: EndSession;
  /** Of tokens that may use the account. */
  readonly introspectAccount: Introspect;
}

export interface HttpParts {
  readonly flows: HttpFlows;
  readonly keyRing: Pick<KeyRing, 'jwks' | 'upToDate'>;
  readonly policy: Pick<KeyPolicy, 'maxAgeMs' | 'staleWhileRevalidateMs'>;
  readonly issuer: string;
  readonly audiences: { readonly services: string; readonly account: string };
  readonly corsOrigins: readonly string[];
  /** Whether HSTS is meant for the hosts below this one, too. */
  readonly hstsSubdomains: boolean;
  /** Each part of the authority with `ready` or a few words on why it is not. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
  /** Throws `unavailable` while the database may not be believed: then nothing but health is answered. */
  readonly requireTruth: () => void;
  /** While it is, each answer asks for another connection: proxies turn away by that. */
  readonly isDraining: () => boolean;
  /** Undefined when nothing is limited. */
  readonly rateLimits: RateLimitParts | undefined;
  readonly trustedProxies: readonly string[];
  readonly onUnnamedProxy: ClientAddressParts['onUnnamedProxy'];
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Builds the application; it listens when it is told to. */
export async function createHttpApp(parts: HttpParts): Promise<HttpApp> {
  const { log, issuer, corsOrigins, hstsSubdomains } = parts;
  const app = await createBareApp({
    log,
    hstsSubdomains,
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: (...refusal) => report(parts, ...refusal),
  });
  observe(app, parts);
  knowClientAddress(app, parts);
  limitConnections(app, parts);
  app.addHook('onRequest', async ({ routeOptions: { url = '' } }) => {
    if (!healthPaths.includes(url)) parts.requireTruth();
  });
  allowOrigins(app, corsOrigins);
  guardCookie(app, { own: new URL(issuer).origin, listed: corsOrigins });
  acceptOnlyJson(app);
  await docsRoutes(app);
  const rateLimits = await createRateLimits(app, parts.rateLimits);

  const authenticate = createAuthenticate(parts.flows.introspectAccount, parts.audiences.account);
  app.register(async (scope) => {
    const routes = scope as HttpApp;
    authRoutes(routes, parts, authenticate, rateLimits);
    logoutRoutes(routes, parts, authenticate, rateLimits);
    sessionRoutes(routes, parts, authenticate, rateLimits);
    wellKnownRoutes(routes, parts);
    healthRoutes(routes, { ...parts, why: false });
  });
  return app;
}

function observe(app: HttpApp, parts: HttpParts): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    // Whatever a route of ours answers about people is for this caller, now.
    if (request.routeOptions.url?.startsWith('/auth/')) reply.header('cache-control', 'no-store');
    if (parts.isDraining()) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const seconds = reply.elapsedTime / 1000;
    parts.metrics.httpRequest(method, route, reply.statusCode, seconds);
    if (parts.log.isLevelEnabled('debug')) {
      parts.log.debug(
        { request_id: request.id, method, route, status: reply.statusCode, seconds },
        'request',
      );
    }
    done();
  });
}

function report(
  { log, metrics }: HttpParts,
  requestId: string,
  { code, reason, cause }: AuthorityError,
  thrown: unknown,
): void {
  metrics.refusal(code, reason);
  if (code === 'internal') log.error({ request_id: requestId, err: thrown }, 'a request failed');
  else if (code === 'unavailable') log.warn({ request_id: requestId, reason, err: cause }, 'unavailable');
  else log.debug({ request_id: requestId, code, reason }, 'refused');
}
