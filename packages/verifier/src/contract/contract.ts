/**
 * The services of proto/countersign/v1 for @grpc/grpc-js: servers and clients. The guard uses `definitions.ts` instead, so that
 * an HTTP-only service installs no gRPC library.
 */
import { loadPackageDefinition } from '@grpc/grpc-js';
import { type Proto, packageDefinition } from './definitions.ts';

export interface Contract {
  /** The services, and a client for each. */
  readonly v1: Proto['countersign']['v1'];
}

export function loadContract(): Contract {
  const { countersign } = loadPackageDefinition(packageDefinition()) as unknown as Proto;
  return { v1: countersign.v1 };
}
