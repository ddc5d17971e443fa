/**
 * The HTTP edge: translates a request, calls one flow, translates its result back. Owns routes, schemas, headers and
 * limits of HTTP. Does not own any rule about users, sessions or tokens.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { ChangePassword } from '../flows/changePassword.ts';
import type { EndSession } from '../flows/endSession.ts';
import type { Introspect } from '../flows/introspect.ts';
import type { ListSessions } from '../flows/listSessions.ts';
import type { Login } from '../flows/login.ts';
import type { Logout } from '../flows/logout.ts';
import type { LogoutAll } from '../flows/logoutAll.ts';
import type { Refresh } from '../flows/refresh.ts';
import type { Register } from '../flows/register.ts';
import type { KeyRing } from '../keys/keyRing.ts';
import type { Log } from '../observability/log.ts';
import type { Metrics } from '../observability/metrics.ts';
import { createAuthenticate } from './caller.ts';
import { acceptOnlyJson, setSecurityHeaders } from './hygiene.ts';
import { refuseConnection, sendProblem, toAuthorityError } from './problem.ts';
import { authRoutes } from './routes/auth.ts';
import { docsRoutes } from './routes/docs.ts';
import { operationRoutes } from './routes/operations.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { wellKnownRoutes } from './routes/wellKnown.ts';

export interface HttpFlows {
  readonly register: Register;
  readonly login: Login;
  readonly refresh: Refresh;
  readonly logout: Logout;
  readonly logoutAll: LogoutAll;
  readonly changePassword: ChangePassword;
  readonly listSessions: ListSessions;
  readonly endSession: EndSession;
  readonly introspect: Introspect;
}

export interface HttpParts {
  readonly flows: HttpFlows;
  readonly keyRing: Pick<KeyRing, 'jwks'>;
  readonly issuer: string;
  readonly jwksMaxAgeMs: number;
  /** Each part of the authority with `ready` or a few words on why it is not. */
  readonly readiness: () => Promise<Readonly<Record<string, string>>>;
  readonly metrics: Metrics;
  readonly log: Log;
}

export type HttpApp = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Builds the application; it listens when it is told to. */
export async function createHttpApp(parts: HttpParts): Promise<HttpApp> {
  const app: HttpApp = Fastify({
    loggerInstance: libraryLog(parts.log),
    genReqId: () => randomUUID(),
    bodyLimit: limits.httpBodyBytes,
    requestTimeout: limits.httpRequestMilliseconds,
    keepAliveTimeout: limits.httpKeepAliveMilliseconds,
    http: { maxHeaderSize: limits.httpHeadersBytes, headersTimeout: limits.httpRequestMilliseconds },
    routerOptions: { maxParamLength: 100 },
    // Nothing is coerced, completed or silently dropped: what is not as described is refused.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false },
    },
    clientErrorHandler: refuseConnection,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refuse(parts, request, reply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();

  observe(app, parts);
  await setSecurityHeaders(app);
  acceptOnlyJson(app);
  await docsRoutes(app);

  const authenticate = createAuthenticate(parts.flows.introspect);
  app.register(async (scope) => {
    const routes = scope as HttpApp;
    authRoutes(routes, parts, authenticate);
    sessionRoutes(routes, parts, authenticate);
    wellKnownRoutes(routes, parts);
    operationRoutes(routes, parts);
  });
  return app;
}

/** The library tells each request and its listening at `info`; what we tell is in `observe`. Its warnings pass. */
function libraryLog(log: Log): FastifyBaseLogger {
  return log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level }) as FastifyBaseLogger;
}

function observe(app: HttpApp, parts: HttpParts): void {
  app.setErrorHandler((error, request, reply) => refuse(parts, request, reply, error));
  app.setNotFoundHandler((request, reply) => refuse(parts, request, reply, new AuthorityError('not_found')));
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // Whatever a route of ours answers about people is for this caller, now.
    if (request.routeOptions.url?.startsWith('/auth/')) reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'unknown';
    const seconds = reply.elapsedTime / 1000;
    parts.metrics.httpRequest(method, route, reply.statusCode, seconds);
    parts.log.debug({ request_id: request.id, method, route, status: reply.statusCode, seconds }, 'request');
  });
}

function refuse(
  { log, metrics }: HttpParts,
  request: Parameters<typeof sendProblem>[0],
  reply: Parameters<typeof sendProblem>[1],
  thrown: unknown,
): void {
  const error = toAuthorityError(thrown);
  metrics.refusal(error.code, error.reason);
  if (error.code === 'internal') log.error({ request_id: request.id, err: thrown }, 'a request failed');
  else if (error.code === 'unavailable')
    log.warn({ request_id: request.id, reason: error.reason, err: error.cause }, 'unavailable');
  else log.debug({ request_id: request.id, code: error.code, reason: error.reason }, 'refused');
  sendProblem(request, reply, error);
}
