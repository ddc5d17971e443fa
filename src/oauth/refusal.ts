/** Errors as RFC 6749 §5.2 has them. */
import { type AuthorityError, type ErrorCode, errorTable } from '@countersign/verifier/errors';
import type { FastifyReply } from 'fastify';

/** Codes that RFC 6749 §4.1.2.1 and §5.2, RFC 8693 §2.2.2, RFC 8707 §2 and OpenID Connect define keep their names. */
const own: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'unsupported_response_type',
  'request_not_supported',
  'access_denied',
  'login_required',
  'consent_required',
  'unmet_authentication_requirements',
]);

export function sendOAuthError(reply: FastifyReply, error: AuthorityError): void {
  const { code, retryAfterSeconds } = error;
  const status = statusOf(code);
  if (code === 'invalid_client') reply.header('www-authenticate', 'Basic realm="countersign"');
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error: nameOf(code, status), error_description: describe(error) }));
}

/** The parameters `error` and `error_description` of an answer by redirect (RFC 6749 §4.1.2.1). */
export function errorParameters(error: AuthorityError): Readonly<Record<string, string>> {
  return { error: nameOf(error.code, statusOf(error.code)), error_description: describe(error) };
}

function statusOf(code: ErrorCode): number {
  if (code === 'invalid_client') return 401;
  const { http } = errorTable[code];
  return own.has(code) || http < 429 ? 400 : http;
}

function nameOf(code: ErrorCode, status: number): string {
  if (own.has(code)) return code;
  if (status === 400) return code === 'permission_denied' ? 'unauthorized_client' : 'invalid_request';
  return status === 500 ? 'server_error' : 'temporarily_unavailable';
}

/** Only the characters of RFC 6749 §5.2. */
function describe({ code, detail }: AuthorityError): string {
  return (detail ?? errorTable[code].title)
    .replaceAll('"', "'")
    .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?');
}
