/**
 * `POST /api/{service}/{method}`: the methods of the gRPC interface as JSON, for programs without gRPC and for the console. Owns the
 * translation. Does not own methods, permissions or operations: they are those of gRPC (`grpc.ts` of each slice).
 */
import { Readable } from 'node:stream';
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallReports } from '../grpc/callReports.ts';
import type { MountRoutes } from '../http/app.ts';
import { sentToken } from '../http/caller.ts';
import { problemOf, toAuthorityError } from '../http/problem.ts';
import { operation, optionalBody } from '../http/route.ts';
import { Type } from '../http/typebox.ts';
import { heartbeat, whilePermitted } from '../watching.ts';
import type { AdmittedCall, ApiCallers } from './callers.ts';
import { apiLimits } from './limits.ts';
import { type ApiMethod, type FindMethod, requireMethod } from './methods.ts';
import { createPlaces } from './places.ts';

export interface ApiParts {
  readonly findMethod: FindMethod;
  readonly callers: ApiCallers;
  readonly clock: Clock;
  readonly isDraining: () => boolean;
  /** Throws `unavailable` while the database is doubted. */
  readonly requireTruth: () => void;
  readonly report: CallReports['report'];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the API: admitted before the body is read. */
    apiCall: { readonly method: ApiMethod; readonly admitted: AdmittedCall } | undefined;
  }
}

const schema = {
  params: Type.Object({ service: Type.String(), method: Type.String() }),
  ...operation({
    summary: 'Call a method of the gRPC interface: docs/api.md',
    bearer: true,
    refusals: [400, 403, 404, 413, 415, 429, 501, 504],
    response: {
      200: Type.Unknown({ description: 'The answer of the method, or one line of JSON for each message.' }),
    },
  }),
};

export function apiRoutes(parts: ApiParts): MountRoutes {
  const { findMethod, callers, clock } = parts;
  const places = createPlaces();
  return (app, { rateLimits }) => {
    app.decorateRequest('apiCall');
    const { onRequest: count } = rateLimits.placeHook('api');
    const admit = async (request: FastifyRequest) => {
      const { service, method: name } = request.params as { service: string; method: string };
      if (sentToken(request) === undefined) throw new AuthorityError('token_required');
      const method = requireMethod(findMethod(service, name));
      const admitted = await callers.admit(request, method.row);
      await rateLimits.spend('api', admitted.caller.name, request);
      requireSmall(request, method);
      request.apiCall = { method, admitted };
    };
    const options = {
      schema,
      onRequest: [count, admit],
      preValidation: optionalBody,
      bodyLimit: apiLimits.apiBodyBytes,
      // The answer is already what the contract says.
      serializerCompiler: () => (answer: unknown) => JSON.stringify(answer),
    };
    app.post('/api/:service/:method', options, async (request, reply) => {
      const { method, admitted } = callOf(request);
      const asked = method.read(request.body);
      const dryRun = asked['dryRun'] === true;
      admitted.requireProof(dryRun);
      if (method.watch !== undefined) {
        // A stop waits for connections: this one would be kept for the next request.
        reply.raw.once('finish', () => {
          if (parts.isDraining()) request.raw.socket.destroySoon();
        });
        return send(reply, watched(parts, places, request, method));
      }
      const isAbandoned = () => request.raw.socket.destroyed;
      const answer = Promise.resolve(method.answer?.(asked, admitted.caller, isAbandoned));
      const response = await withDeadline(clock, method.row.milliseconds, answer, tooLate);
      if (method.row.act === 'ends' && !dryRun) reply.header('server-timing', effectOf(reply));
      return reply.send(method.write(response));
    });
  };
}

function effectOf({ elapsedTime }: FastifyReply): string {
  return `effect;dur=${elapsedTime.toFixed(1)}`;
}

function callOf({ apiCall }: FastifyRequest) {
  if (apiCall === undefined) throw new AuthorityError('internal', { reason: 'not_admitted' });
  return apiCall;
}

/** As JSON, a message is up to three times as long as gRPC allows. */
function requireSmall({ headers }: FastifyRequest, { row }: ApiMethod): void {
  const most = Math.min(apiLimits.apiBodyBytes, 3 * row.requestBytes);
  // Without its length it would be read before it could be refused.
  const isSized = headers['transfer-encoding'] === undefined;
  if (isSized && Number(headers['content-length'] ?? 0) <= most) return;
  throw new AuthorityError('payload_too_large', {
    detail: `body: must have at most ${most} bytes, and a Content-Length`,
  });
}

function send(reply: FastifyReply, lines: AsyncIterable<string>): FastifyReply {
  return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(lines, { objectMode: false }));
}

/** Lines of JSON: `{"result":…}`, an empty line as a heartbeat, and `{"error":…}` when the caller may not go on. */
async function* watched(
  { clock, isDraining, requireTruth, report }: ApiParts,
  places: ReturnType<typeof createPlaces>,
  request: FastifyRequest,
  { read, watch, write }: ApiMethod,
): AsyncGenerator<string> {
  const { caller, again } = callOf(request).admitted;
  let leave = () => {};
  const authorizeAgain = async () => {
    if (isDraining()) throw new AuthorityError('unavailable', { reason: 'draining', retryAfterSeconds: 1 });
    requireTruth();
    await again();
  };
  const isGone = () => request.raw.socket.destroyed;
  try {
    leave = places.take(caller.name);
    const messages = whilePermitted(
      { clock, isGone, authorizeAgain },
      () => watch?.(read(request.body), caller) ?? nothing(),
    );
    for await (const message of messages)
      yield message === heartbeat ? '\n' : `${JSON.stringify({ result: write(message) })}\n`;
  } catch (error) {
    report((request.params as { method: string }).method, error);
    yield `${JSON.stringify({ error: problemOf(toAuthorityError(error), request.id) })}\n`;
  } finally {
    leave();
  }
}

async function* nothing(): AsyncGenerator<never> {}

function tooLate(): AuthorityError {
  return new AuthorityError('deadline_exceeded', { retryAfterSeconds: 1 });
}
