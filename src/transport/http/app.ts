/**
 * The HTTP transport. Owns what every request passes: connections, addresses, hooks, the error table. Does not own routes: each
 * slice mounts its own (`http.ts`).
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { createBareApp, type HttpApp } from './bareApp.ts';
import { builtPageRoutes, knowBuiltPages } from './builtPages.ts';
import { type Authenticate, knowActor, type ProvedKey } from './caller.ts';
import { type ClientAddressParts, knowClientAddress } from './clientAddress.ts';
import type { ReadClientCertificate } from './clientCertificate.ts';
import { limitConnections } from './connections.ts';
import { allowEveryOriginAt, allowOrigins } from './cors.ts';
import { docsRoutes } from './docs.ts';
import { answerEarly, type EarlyAnswers } from './earlyAnswers.ts';
import { sayEffectTime } from './effectTiming.ts';
import { healthPaths, healthRoutes } from './health.ts';
import { createRouteLimits, type RouteLimits } from './rateLimits.ts';
import { acceptOnlyJson } from './requestChecks.ts';

/** Adds the routes of a slice. */
export type MountRoutes = (app: HttpApp, mount: HttpMount) => void;

export interface HttpMount {
  readonly authenticate: Authenticate;
  readonly provedKey: ProvedKey;
  readonly clientCertificate: ReadClientCertificate;
  readonly rateLimits: RouteLimits;
  /** For public documents, beside their routes. */
  readonly earlyAnswers: EarlyAnswers;
}

export interface HttpParts {
  /** One or more per slice. */
  readonly routes: readonly MountRoutes[];
  /** Slices' hooks that may refuse a request before its body is read. */
  readonly guards: readonly ((app: HttpApp) => void)[];
  readonly authenticate: Authenticate;
  readonly provedKey: ProvedKey;
  readonly clientCertificate: ReadClientCertificate;
  /** Request headers defined by slices; other origins may send them. */
  readonly ownHeaders: readonly string[];
  /** Of slices: pages of every origin may call them, without cookies. */
  readonly openPaths: readonly string[];
  /** The browser's cookie, for the OpenAPI document. */
  readonly cookieName: string;
  readonly corsOrigins: readonly string[];
  /** Whether HSTS includes subdomains. */
  readonly hstsSubdomains: boolean;
  /** Each part of the authority: `ready`, or a few words why not. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
  /** Throws `unavailable` while the database is doubted: only health is answered then. */
  readonly requireTruth: () => void;
  /** While draining, each answer closes its connection, so that proxies go elsewhere. */
  readonly isDraining: () => boolean;
  readonly rateLimits: RateLimits;
  readonly trustedProxies: readonly string[];
  readonly onUnnamedProxy: ClientAddressParts['onUnnamedProxy'];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
}

/** Builds the application; `listen` starts it. */
export async function createHttpApp(parts: HttpParts): Promise<HttpApp> {
  const { log, corsOrigins, hstsSubdomains, authenticate, provedKey, clientCertificate } = parts;
  const app = await createBareApp({
    log,
    hstsSubdomains,
    elsewhere: () => new AuthorityError('not_found'),
    onRefusal: (...refusal) => report(parts, ...refusal),
  });
  observe(app, parts);
  sayEffectTime(app);
  knowBuiltPages(app);
  knowClientAddress(app, parts);
  knowActor(app);
  const earlyAnswers = answerEarly(app, { ...parts, onAnswered: limitConnections(app, parts) });
  app.addHook('onRequest', async ({ routeOptions: { url = '' } }) => {
    if (!healthPaths.includes(url)) parts.requireTruth();
  });
  allowOrigins(app, corsOrigins, parts.ownHeaders);
  allowEveryOriginAt(app, parts.openPaths, parts.ownHeaders);
  for (const guard of parts.guards) guard(app);
  acceptOnlyJson(app);
  await docsRoutes(app, parts.cookieName);
  const rateLimits = createRouteLimits(app, parts.rateLimits);

  app.register(async (scope) => {
    const routes = scope as HttpApp;
    for (const mount of parts.routes)
      mount(routes, { authenticate, provedKey, clientCertificate, rateLimits, earlyAnswers });
    healthRoutes(routes, { ...parts, why: false });
    builtPageRoutes(routes);
  });
  return app;
}

function observe(app: HttpApp, parts: HttpParts): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    // Answers under /auth/ and /api/ are for this caller only, and for now.
    if (/^\/(auth|api)\//.test(request.routeOptions.url ?? '')) reply.header('cache-control', 'no-store');
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
