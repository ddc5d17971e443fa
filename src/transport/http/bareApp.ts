/** The base of our HTTP applications: limits, security headers, and one form of refusal. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AuthorityError, StartupError } from '@countersign/verifier/errors';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Log } from '../../platform/observability/log.ts';
import { lateCompilers } from './lateCompilers.ts';
import { httpLimits } from './limits.ts';
import { refuseConnection, sendProblem, toAuthorityError } from './problem.ts';
import { refuseRepeatedFields, setSecurityHeaders } from './requestChecks.ts';

export type HttpApp = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** `onRefusal` gets each refusal with the thrown error. `elsewhere`: the answer for unknown routes. */
export async function createBareApp(parts: {
  log: Log;
  elsewhere: () => AuthorityError;
  onRefusal: (requestId: string, error: AuthorityError, thrown: unknown) => void;
  hstsSubdomains?: boolean;
}): Promise<HttpApp> {
  const refuse = (
    request: Parameters<typeof sendProblem>[0],
    reply: Parameters<typeof sendProblem>[1],
    thrown: unknown,
  ) => {
    const error = toAuthorityError(thrown);
    parts.onRefusal(request.id, error, thrown);
    sendProblem(request, reply, error);
  };
  const app: HttpApp = Fastify({
    loggerInstance: libraryLog(parts.log),
    // A logger per request costs more than most requests; our lines name the request.
    childLoggerFactory: (logger) => logger,
    genReqId: () => randomUUID(),
    bodyLimit: httpLimits.httpBodyBytes,
    requestTimeout: httpLimits.httpRequestMilliseconds,
    keepAliveTimeout: httpLimits.httpKeepAliveMilliseconds,
    connectionTimeout: httpLimits.httpWatch.silenceMilliseconds,
    http: {
      maxHeaderSize: httpLimits.httpHeadersBytes,
      headersTimeout: httpLimits.httpRequestMilliseconds,
      connectionsCheckingInterval: httpLimits.httpWatch.lookMilliseconds,
    },
    routerOptions: { maxParamLength: 100 },
    // Nothing is coerced, completed or dropped: input that differs from the schema is refused.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false },
    },
    schemaController: { compilersFactory: lateCompilers() },
    clientErrorHandler: refuseConnection,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refuse(request, reply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler((error, request, reply) => refuse(request, reply, error));
  app.setNotFoundHandler((request, reply) => refuse(request, reply, parts.elsewhere()));
  setSecurityHeaders(app, parts.hstsSubdomains ?? false);
  refuseRepeatedFields(app);
  return app;
}

/** Fastify logs each request at `info`; we log them elsewhere. Its warnings pass. */
function libraryLog(log: Log): FastifyBaseLogger {
  return log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level }) as FastifyBaseLogger;
}

/** Returns the port; `port` 0 takes a free one. Throws `StartupError` when the address is in use. */
export async function listen(
  app: HttpApp,
  setting: string,
  { host, port }: { host: string; port: number },
): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new StartupError(`${setting}: cannot listen on ${host}:${port}: ${(cause as Error).message}`, {
      cause,
    });
  }
  return (app.server.address() as AddressInfo).port;
}
