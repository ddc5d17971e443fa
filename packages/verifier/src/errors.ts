/**
 * The table of all errors: code → HTTP status, gRPC status, title. Codes are part of the contract and never change their meaning.
 * Each transport translates this table once.
 */

import type { NeededAuthentication, TokenScheme } from './tokens/bearerToken.ts';

/** Names of gRPC status codes. Not numbers, so that this package needs no gRPC library. */
type GrpcStatus =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL';

interface ErrorRow {
  readonly http: number;
  readonly grpc: GrpcStatus;
  readonly title: string;
}

export const errorTable = {
  invalid_request: { http: 400, grpc: 'INVALID_ARGUMENT', title: 'The request is not valid' },
  password_refused: { http: 400, grpc: 'INVALID_ARGUMENT', title: 'This password cannot be used' },
  invalid_credentials: { http: 401, grpc: 'UNAUTHENTICATED', title: 'Wrong e-mail or password' },
  token_required: { http: 401, grpc: 'UNAUTHENTICATED', title: 'A token is required' },
  invalid_token: { http: 401, grpc: 'UNAUTHENTICATED', title: 'The access token is not valid' },
  invalid_dpop_proof: { http: 401, grpc: 'UNAUTHENTICATED', title: 'The proof of the key is not valid' },
  use_dpop_nonce: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    title: 'The proof must have the nonce of this answer',
  },
  insufficient_user_authentication: {
    http: 401,
    grpc: 'UNAUTHENTICATED',
    title: 'The user must prove who they are again',
  },
  invalid_code: { http: 401, grpc: 'UNAUTHENTICATED', title: 'Wrong or expired code' },
  invalid_link: { http: 400, grpc: 'INVALID_ARGUMENT', title: 'This link was used or has expired' },
  invalid_attempt: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'This sign-in was used, has expired, or began in another browser',
  },
  invalid_grant: { http: 401, grpc: 'UNAUTHENTICATED', title: 'The refresh token is not valid' },
  invalid_client: { http: 401, grpc: 'UNAUTHENTICATED', title: 'The client could not be authenticated' },
  unauthorized_client: { http: 400, grpc: 'PERMISSION_DENIED', title: 'This client may not use this grant' },
  unsupported_grant_type: { http: 400, grpc: 'INVALID_ARGUMENT', title: 'This grant type is not supported' },
  invalid_scope: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The scope is unknown, or more than was granted',
  },
  invalid_target: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'The resource is unknown, or not for this client',
  },
  unsupported_response_type: { http: 400, grpc: 'INVALID_ARGUMENT', title: 'The response type must be code' },
  request_not_supported: {
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    title: 'Requests as JWT are not supported',
  },
  access_denied: { http: 400, grpc: 'PERMISSION_DENIED', title: 'The user did not allow it' },
  login_required: { http: 400, grpc: 'UNAUTHENTICATED', title: 'The user must sign in' },
  consent_required: { http: 400, grpc: 'PERMISSION_DENIED', title: 'The user must allow it first' },
  unmet_authentication_requirements: {
    http: 400,
    grpc: 'UNAUTHENTICATED',
    title: 'The user cannot be authenticated in the way that was asked for',
  },
  permission_denied: { http: 403, grpc: 'PERMISSION_DENIED', title: 'The caller lacks the permission' },
  csrf_refused: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'Cross-site request refused',
  },
  registration_closed: { http: 403, grpc: 'PERMISSION_DENIED', title: 'Registration is closed' },
  second_factor_required: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'A second factor is required',
  },
  password_change_required: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'A new password must be chosen first',
  },
  recovery_required: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'Too many wrong passwords: the account must be recovered',
  },
  identity_not_linked: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'No account is linked with this identity',
  },
  provider_refused: {
    http: 403,
    grpc: 'PERMISSION_DENIED',
    title: 'The provider did not confirm who the user is',
  },
  not_found: { http: 404, grpc: 'NOT_FOUND', title: 'Not found' },
  request_timeout: { http: 408, grpc: 'UNAVAILABLE', title: 'The request took too long to arrive' },
  email_taken: { http: 409, grpc: 'ALREADY_EXISTS', title: 'This e-mail is already registered' },
  identity_taken: {
    http: 409,
    grpc: 'ALREADY_EXISTS',
    title: 'This identity is linked with another account',
  },
  last_way_in: { http: 409, grpc: 'FAILED_PRECONDITION', title: 'This is the last way to log in' },
  name_taken: { http: 409, grpc: 'ALREADY_EXISTS', title: 'This name is already in use' },
  changed_meanwhile: { http: 409, grpc: 'ABORTED', title: 'Somebody changed it meanwhile' },
  next_key_not_ready: {
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    title: 'Caches may still lack the next key',
  },
  edge_too_slow: { http: 409, grpc: 'ABORTED', title: 'The subscriber is too slow: open a new stream' },
  edge_silent: {
    http: 409,
    grpc: 'ABORTED',
    title: 'The subscriber did not renew its lease: open a new stream',
  },
  feed_started_over: {
    http: 409,
    grpc: 'ABORTED',
    title: 'The copy of the subscriber is out of date: open a new stream',
  },
  payload_too_large: { http: 413, grpc: 'RESOURCE_EXHAUSTED', title: 'The request body is too large' },
  unsupported_media_type: { http: 415, grpc: 'INVALID_ARGUMENT', title: 'The body must be application/json' },
  refresh_repeated: { http: 429, grpc: 'RESOURCE_EXHAUSTED', title: 'This refresh was repeated too often' },
  rate_limited: { http: 429, grpc: 'RESOURCE_EXHAUSTED', title: 'Too many requests: try again later' },
  internal: { http: 500, grpc: 'INTERNAL', title: 'Something went wrong here' },
  unimplemented: { http: 501, grpc: 'UNIMPLEMENTED', title: 'This is not supported' },
  overloaded: { http: 503, grpc: 'UNAVAILABLE', title: 'Overloaded: try again later' },
  unavailable: { http: 503, grpc: 'UNAVAILABLE', title: 'This cannot be answered safely at the moment' },
  mail_not_configured: {
    http: 503,
    grpc: 'UNAVAILABLE',
    title: 'This authority cannot send mail: the operator sets MAIL_URL',
  },
  sms_not_configured: {
    http: 503,
    grpc: 'UNAVAILABLE',
    title:
      'This authority cannot send messages to phones: the operator sets SMS_WEBHOOK_URL and SMS_COUNTRIES',
  },
  deadline_exceeded: { http: 504, grpc: 'DEADLINE_EXCEEDED', title: 'The answer took too long' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** One field that breaks one rule. `field` is a JSON name, with dots and indexes for nested ones. */
export interface FieldError {
  readonly field: string;
  readonly rule: string;
  readonly message: string;
}

interface ErrorDetails {
  /** One sentence for the caller. Never contains a secret, a token, SQL or a stack. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** When to try again, in whole seconds. */
  readonly retryAfterSeconds?: number;
  /** For the log and the audit log only. All refusals of one code look alike to the caller. */
  readonly reason?: string;
  /** For `insufficient_user_authentication`: what the proof must be like. */
  readonly needed?: NeededAuthentication;
  /** For 401: how the token must be sent, when it was sent otherwise. */
  readonly scheme?: TokenScheme;
  /** Further members of the answer over HTTP (RFC 9457 §3.2). They are sent as they are. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error the caller may see. Any other error is reported as `internal`. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly reason: string | undefined;
  readonly members: Readonly<Record<string, unknown>> | undefined;
  readonly needed: NeededAuthentication | undefined;
  readonly scheme: TokenScheme | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.detail ?? errorTable[code].title, { cause: details.cause });
    this.code = code;
    this.detail = details.detail;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.reason = details.reason;
    this.members = details.members;
    this.needed = details.needed;
    this.scheme = details.scheme;
  }
}

/** The usual refusal of bad input: one field breaks one rule. */
export function invalidField(field: string, rule: string, message: string): AuthorityError {
  return new AuthorityError('invalid_request', {
    detail: `${field}: ${message}`,
    errors: [{ field, rule, message }],
  });
}

/** The process cannot start or a command cannot run: one clear line for the operator, exit code 1. */
export class StartupError extends Error {
  override readonly name: string = 'StartupError';
}

/** A fault that may go away, such as a server that does not answer yet: try again. */
export class UnreachableError extends StartupError {
  override readonly name = 'UnreachableError';
}
