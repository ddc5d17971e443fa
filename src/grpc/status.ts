/** The one translation of errors to gRPC status. */
import { type ServiceError, status } from '@grpc/grpc-js';
import { AuthorityError, errorTable } from '../core/errors.ts';

export type GrpcError = Pick<ServiceError, 'code' | 'details'>;

/** Anything unknown says nothing outside; the caller has logged it. */
export function toGrpcError(error: unknown): GrpcError {
  const known = error instanceof AuthorityError ? error : new AuthorityError('internal', { cause: error });
  const row = errorTable[known.code];
  return { code: status[row.grpc], details: known.detail ?? row.title };
}
