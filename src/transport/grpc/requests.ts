/**
 * Reading requests: each method has its own longest one, and bytes that are no message are the caller's mistake. The
 * library would answer both as an error of ours, so what cannot be read is handed on as it is, and refused where every
 * other refusal is made.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type MethodRow, methods } from './methods.ts';

/** Stands in the place of a request that could not be read. */
class UnreadableRequest {
  readonly error: AuthorityError;

  constructor(error: AuthorityError) {
    this.error = error;
  }
}

/** The same service, reading within the limits of its methods. */
export function withinLimits<Service extends ServiceDefinition>(service: Service): Service {
  const entries = Object.entries(service).map(([name, method]) => [name, bounded(name, method)]);
  return Object.fromEntries(entries) as Service;
}

/** Throws what is wrong with a request, or with a message of a stream, that could not be read. */
export function readable<Request>(request: Request): Request {
  if (request instanceof UnreadableRequest) throw request.error;
  return request;
}

function bounded(name: string, method: MethodDefinition<unknown, unknown>) {
  const { requestBytes }: MethodRow = methods[name as keyof typeof methods];
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
