/**
 * The status of the authority, for operators and their console. Owns putting together what the parts of this node know. Does not own
 * health (`transport/http/health.ts`), metrics (`platform/observability/`), or what it reports on.
 */
import type { GrpcService } from '../transport/grpc/server.ts';
import { statusService } from './grpc.ts';
import { createStatusOperations, type StatusParts } from './status.ts';

export function mountStatus(parts: StatusParts & Parameters<typeof statusService>[1]): GrpcService {
  return statusService(createStatusOperations(parts), parts);
}
