/** Translates errors to gRPC status; the only place. */

import type { Failure } from '@countersign/verifier/contract/generated/countersign/v1/Failure';
import { FailureStatus } from '@countersign/verifier/contract/generated/countersign/v1/FailureStatus';
import { AuthorityError, errorTable } from '@countersign/verifier/errors';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { errorDetails } from './errorDetails.ts';

export type GrpcError = Pick<ServiceError, 'code' | 'details' | 'metadata'>;

const detailsKey = 'grpc-status-details-bin';

/** Unknown errors reveal nothing; the caller has logged them. */
export function toGrpcError(error: unknown): GrpcError {
  const known = asKnown(error);
  const code = status[errorTable[known.code].grpc];
  const details = messageOf(known);
  const metadata = new Metadata();
  metadata.set(detailsKey, errorDetails(code, details, known));
  return { code, details, metadata };
}

/** Why one question of a batch failed. */
export function toFailure(error: unknown): Failure {
  const known = asKnown(error);
  return {
    status: failureStatuses[errorTable[known.code].grpc] ?? FailureStatus.FAILURE_STATUS_INTERNAL,
    reason: known.code.toUpperCase(),
    message: messageOf(known),
  };
}

const failureStatuses: Partial<Record<string, FailureStatus>> = {
  INVALID_ARGUMENT: FailureStatus.FAILURE_STATUS_INVALID_ARGUMENT,
  UNAVAILABLE: FailureStatus.FAILURE_STATUS_UNAVAILABLE,
  DEADLINE_EXCEEDED: FailureStatus.FAILURE_STATUS_UNAVAILABLE,
};

/** A status as sent by the library. */
interface SaidStatus {
  readonly code?: status | null;
  readonly details?: string | null;
  readonly metadata?: Metadata | null | undefined;
}

/** Translates the library's own refusals into our error table; undefined for our own. */
export function ofLibrary({ code, details, metadata }: SaidStatus): GrpcError | undefined {
  if (code === undefined || code === null || code === status.OK) return undefined;
  if (metadata && metadata.get(detailsKey).length > 0) return undefined;
  return toGrpcError(libraryError(code, details ?? ''));
}

function libraryError(code: status, details: string): AuthorityError {
  if (code === status.DEADLINE_EXCEEDED) return new AuthorityError('deadline_exceeded');
  if (code === status.RESOURCE_EXHAUSTED) return new AuthorityError('payload_too_large', { detail: details });
  if (code === status.UNIMPLEMENTED) return new AuthorityError('unimplemented', { detail: details });
  // A malformed grpc-timeout, or a message that is not compressed as declared.
  if (code === status.INTERNAL && /^(Invalid grpc-timeout|Failed to decompress)/.test(details))
    return new AuthorityError('invalid_request', { detail: details });
  return new AuthorityError('internal');
}

function asKnown(error: unknown): AuthorityError {
  return error instanceof AuthorityError ? error : new AuthorityError('internal', { cause: error });
}

function messageOf({ code, detail }: AuthorityError): string {
  return detail ?? errorTable[code].title;
}
