/**
 * Reads requests: each method has its own maximum, and malformed bytes are the caller's fault. The library would report both as
 * internal errors, so unreadable requests are passed on and refused together with all others.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type MethodRow, type Methods, rowOf } from './methodRow.ts';

/** Replaces an unreadable request. */
class UnreadableRequest {
  readonly error: AuthorityError;

  constructor(error: AuthorityError) {
    this.error = error;
  }
}

/** Wraps a service so that it reads within its methods' limits. Throws when a method has no row. */
export function withinLimits<Service extends ServiceDefinition>(service: Service, methods: Methods): Service {
  const entries = Object.entries(service).map(([name, method]) => [
    name,
    bounded(rowOf(methods, name), method),
  ]);
  return Object.fromEntries(entries) as Service;
}

/** Throws the fault of an unreadable request or stream message. */
export function readable<Request>(request: Request): Request {
  if (request instanceof UnreadableRequest) throw request.error;
  return request;
}

function bounded({ requestBytes }: MethodRow, method: MethodDefinition<unknown, unknown>) {
  const { requestDeserialize: read } = method;
  const requestDeserialize = (bytes: Buffer) => {
    if (bytes.length > requestBytes) return new UnreadableRequest(tooLarge(requestBytes));
    try {
      return read(bytes);
    } catch (cause) {
      return new UnreadableRequest(unreadable(cause));
    }
  };
  return { ...method, requestDeserialize };
}

function tooLarge(bytes: number): AuthorityError {
  const message = `must have at most ${bytes} bytes`;
  return new AuthorityError('payload_too_large', {
    detail: `message: ${message}`,
    errors: [{ field: 'message', rule: 'length', message }],
    reason: 'message',
  });
}

function unreadable(cause: unknown): AuthorityError {
  const message = 'is not a message of this method';
  return new AuthorityError('invalid_request', {
    detail: `message: ${message}`,
    errors: [{ field: 'message', rule: 'format', message }],
    reason: 'unreadable',
    cause,
  });
}
