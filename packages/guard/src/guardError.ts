/** Errors of a guard: one table, and one translation for every framework. */
import { errorTable } from '@countersign/verifier/errors';
import {
  authenticationChallenge,
  challengeOf,
  type NeededAuthentication,
  type TokenScheme,
} from '@countersign/verifier/tokens/bearerToken';

const table = {
  /** No token was sent. */
  token_required: { status: 401, grpc: 'UNAUTHENTICATED', title: errorTable.token_required.title },
  /** Malformed, forged, expired, revoked or for another service; the caller does not learn which. */
  invalid_token: { status: 401, grpc: 'UNAUTHENTICATED', title: errorTable.invalid_token.title },
  /** RFC 9449 §7.1: the proof of the token's key is missing, malformed, too old, used before or for another request. */
  invalid_dpop_proof: {
    status: 401,
    grpc: 'UNAUTHENTICATED',
    title: errorTable.invalid_dpop_proof.title,
  },
  /** RFC 9470: the token is valid, and the user must prove who they are again: more recently, or more strongly. */
  insufficient_user_authentication: {
    status: 401,
    grpc: 'UNAUTHENTICATED',
    title: errorTable.insufficient_user_authentication.title,
  },
  /** RFC 6750 §3.1: the token is valid but lacks a scope. */
  insufficient_scope: {
    status: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The access token lacks a scope that this needs',
  },
  /** The guard cannot safely tell whether the token is valid. */
  unavailable: { status: 503, grpc: 'UNAVAILABLE', title: errorTable.unavailable.title },
} as const;

export type GuardErrorCode = keyof typeof table;

export interface GuardErrorDetails {
  /** For logs and metrics only; never sent to callers. */
  readonly reason?: string;
  /** For `insufficient_scope`: the required scopes. */
  readonly scopes?: readonly string[];
  /** For `insufficient_user_authentication`: the required proof. */
  readonly needed?: NeededAuthentication;
  /** How the token must be sent. */
  readonly scheme?: TokenScheme;
  readonly cause?: unknown;
}

/** RFC 9457. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: GuardErrorCode;
  readonly request_id?: string;
}

export class GuardError extends Error {
  override readonly name = 'GuardError';
  readonly code: GuardErrorCode;
  readonly status: 401 | 403 | 503;
  /** The name of the gRPC status. */
  readonly grpcStatus: 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'UNAVAILABLE';
  /** HTTP response headers: `www-authenticate` (RFC 6750 §3, RFC 9470 §3) or `retry-after`, and `no-store`. */
  readonly headers: Readonly<Record<string, string>>;
  /** For logs and metrics only; never sent to callers. */
  readonly reason: string | undefined;

  constructor(code: GuardErrorCode, details: GuardErrorDetails = {}) {
    const { reason, cause } = details;
    const { status, grpc, title } = table[code];
    super(title, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.grpcStatus = grpc;
    this.reason = reason;
    this.headers = { 'cache-control': 'no-store', ...headersOf(code, details) };
  }

  /** The body of the HTTP response, `application/problem+json`. */
  problem(requestId?: string): ProblemDetails {
    const { code, status, message: title } = this;
    const about = { type: `urn:countersign:error:${code}`, title, status, code };
    return requestId === undefined ? about : { ...about, request_id: requestId };
  }
}

export const problemType = 'application/problem+json; charset=utf-8';

const retryAfterSeconds = '1';

function headersOf(
  code: GuardErrorCode,
  { scopes = [], needed = {}, scheme = 'Bearer' }: GuardErrorDetails,
): Record<string, string> {
  if (code === 'unavailable') return { 'retry-after': retryAfterSeconds };
  return { 'www-authenticate': challengeFor(code, scopes, needed, scheme) };
}

function challengeFor(
  code: Exclude<GuardErrorCode, 'unavailable'>,
  scopes: readonly string[],
  needed: NeededAuthentication,
  scheme: TokenScheme,
): string {
  if (code === 'insufficient_user_authentication') return authenticationChallenge(needed, scheme);
  if (code === 'insufficient_scope')
    return `${scheme} realm="countersign", error="insufficient_scope", scope="${scopes.join(' ')}"`;
  if (code === 'invalid_dpop_proof') return challengeOf(code, 'DPoP');
  return challengeOf(code === 'token_required' ? undefined : code, scheme);
}

/** RFC 6749 §3.3. Other characters could break out of the header above. */
const scopeShape = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Throws `TypeError`: malformed scopes are the service's fault, not the caller's. */
export function checkScopes(scopes: readonly string[]): void {
  const isScope = (scope: unknown) => typeof scope === 'string' && scopeShape.test(scope);
  if (!Array.isArray(scopes) || !scopes.every(isScope)) {
    throw new TypeError(
      'scopes: must be an array of scopes (RFC 6749 §3.3), without spaces or quotes in them',
    );
  }
}

/** Throws `TypeError`: malformed options are the service's fault, not the caller's. */
export function checkNeeded({ maxAgeSeconds, acr }: NeededAuthentication): void {
  if (maxAgeSeconds !== undefined && !(Number.isSafeInteger(maxAgeSeconds) && maxAgeSeconds >= 0))
    throw new TypeError('maxAgeSeconds: must be a whole number of seconds');
  if (acr !== undefined && !(typeof acr === 'string' && scopeShape.test(acr)))
    throw new TypeError('acr: must be one word, such as 2fa, without spaces or quotes');
}
