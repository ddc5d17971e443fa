/**
 * The HTTP edge: translates a request, calls one flow, translates its result back. Owns routes, schemas, headers and
 * limits of HTTP. Does not own any rule about users, sessions or tokens.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { ChangePassword } from '../../accounts/changePassword.ts';
import type { DeleteAccount } from '../../accounts/deleteAccount.ts';
import type { Register } from '../../accounts/register.ts';
import { wellKnownRoutes } from '../../keys/http.ts';
import type { KeyPolicy } from '../../keys/keyPolicy.ts';
import type { KeyRing } from '../../keys/keyRing.ts';
import { authRoutes } from '../../login/http.ts';
import type { Login } from '../../login/login.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { EndSession } from '../../sessions/endSession.ts';
import { sessionRoutes } from '../../sessions/http.ts';
import type { ListSessions } from '../../sessions/listSessions.ts';
import type { Logout } from '../../sessions/logout.ts';
import type { LogoutAll } from '../../sessions/logoutAll.ts';
import { logoutRoutes } from '../../sessions/logoutHttp.ts';
import type { LogoutOthers } from '../../sessions/logoutOthers.ts';
import type { Refresh } from '../../sessions/refresh.ts';
import type { Introspect } from '../../tokens/introspect.ts';
import { createBareApp, type HttpApp } from './bareApp.ts';
import { createAuthenticate } from './caller.ts';
import { type ClientAddressParts, knowClientAddress } from './clientAddress.ts';
import { limitConnections } from './connections.ts';
import { allowOrigins } from './cors.ts';
import { guardCookie } from './csrf.ts';
import { docsRoutes } from './docs.ts';
import { healthPaths, healthRoutes } from './health.ts';
import { createRateLimits, type RateLimitParts } from './rateLimits.ts';
import { acceptOnlyJson } from './requestChecks.ts';

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
