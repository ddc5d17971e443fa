/** Translates errors to HTTP, the only place: RFC 9457 problem details with a stable `code`. */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { AuthorityError, type ErrorCode, errorTable, type FieldError } from '@countersign/verifier/errors';
import {
  authenticationChallenge,
  challengeOf,
  readSentToken,
  type TokenScheme,
} from '@countersign/verifier/tokens/bearerToken';
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { isForm } from './forms.ts';
import { sendPage } from './page.ts';

const problemType = 'application/problem+json; charset=utf-8';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Replaces problem details, for protocols with errors of their own. */
    readonly sendRefusal?: (reply: FastifyReply, error: AuthorityError) => void;
  }
}

/** Sends the public part of an error. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AuthorityError): void {
  const { sendRefusal, refusalPage, isNavigated } = request.routeOptions.config ?? {};
  if (sendRefusal !== undefined) return void sendRefusal(reply, error);
  const { http } = errorTable[error.code];
  if (http === 401) reply.header('www-authenticate', challengeFor(error, schemeOf(request)));
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  const page = isNavigated || isForm(request) ? refusalPage?.(request, error) : undefined;
  if (page !== undefined) return void sendPage(reply, http, page);
  reply.code(http).header('cache-control', 'no-store').type(problemType).send(problemText(error, request.id));
}

function schemeOf({ headers }: FastifyRequest): TokenScheme {
  const sent = readSentToken(headers.authorization);
  return typeof sent === 'object' ? sent.scheme : 'Bearer';
}

function challengeFor({ code, needed = {}, scheme }: AuthorityError, sent: TokenScheme): string {
  if (code === 'invalid_dpop_proof' || code === 'use_dpop_nonce') return challengeOf(code, 'DPoP');
  const asked = scheme ?? sent;
  if (code === 'insufficient_user_authentication') return authenticationChallenge(needed, asked);
  return challengeOf(code === 'invalid_token' ? code : undefined, asked);
}

export function problemOf({ code, detail, errors, members }: AuthorityError, requestId: string): object {
  const { http: status, title } = errorTable[code];
  const type = `urn:countersign:error:${code}`;
  return { type, title, status, code, detail, errors, ...members, request_id: requestId };
}

function problemText(error: AuthorityError, requestId: string): string {
  return JSON.stringify(problemOf(error, requestId));
}

/** Answers malformed HTTP (bad syntax, too many headers, too slow), then closes the connection. */
export function refuseConnection(fault: NodeJS.ErrnoException, socket: Duplex): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const error = new AuthorityError(
    fault.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'invalid_request',
  );
  const text = problemText(error, randomUUID());
  const head = [
    `HTTP/1.1 ${errorTable[error.code].http} Refused`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}

/** Maps a thrown error to the error table. Unknown errors reveal nothing. */
export function toAuthorityError(error: unknown): AuthorityError {
  if (error instanceof AuthorityError) return error;
  const { validation, validationContext, statusCode, code } = error as Partial<FastifyError>;
  if (validation !== undefined) return invalidParts(validation, validationContext ?? 'body');
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || error instanceof SyntaxError) {
    return invalidBody('json', 'must be one JSON object without forbidden member names', error);
  }
  const known = typeof statusCode === 'number' ? byStatus[statusCode] : undefined;
  return known === undefined
    ? new AuthorityError('internal', { cause: error })
    : new AuthorityError(known, { cause: error });
}

/** Fastify's own refusals. */
const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  // From the documentation page, for a path outside its folder.
  403: 'not_found',
  404: 'not_found',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'invalid_request',
  415: 'unsupported_media_type',
  503: 'unavailable',
};

function invalidBody(rule: string, message: string, cause: unknown): AuthorityError {
  return new AuthorityError('invalid_request', {
    detail: `body: ${message}`,
    errors: [{ field: 'body', rule, message }],
    cause,
  });
}

function invalidParts(validation: readonly FastifySchemaValidationError[], part: string): AuthorityError {
  const errors = validation.map((fault) => fieldError(fault, part));
  return new AuthorityError('invalid_request', {
    detail: errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    errors,
  });
}

function fieldError(
  { keyword, instancePath, params, message }: FastifySchemaValidationError,
  part: string,
): FieldError {
  const parent = instancePath.slice(1).replaceAll('/', '.');
  const member = params['missingProperty'] ?? params['additionalProperty'];
  const name = [parent, member].filter((name) => typeof name === 'string' && name !== '').join('.') || part;
  // An unknown field's name is the caller's text: it must not control a terminal that prints it.
  const field = name.slice(0, 100).replace(/[\p{C}\u2028\u2029]/gu, '\ufffd');
  return { field, rule: keyword, message: describe(keyword, message) };
}

function describe(keyword: string, message: string | undefined): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not a known field';
  if (keyword === 'pattern') return 'has the wrong form, or contains characters that are not allowed';
  return message ?? 'is not valid';
}
