/**
 * Services that call the gRPC interface: their identity and permissions. Owns service tokens, certificates and permissions. Does
 * not own the calls (`transport/grpc/`).
 */
import type { Clock } from '@countersign/verifier/clock';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../database.ts';
import type { DataFolder } from '../storage/embedded/dataFolder.ts';
import { createAuthenticateService } from './authenticateService.ts';
import { firstServicePermissions } from './service.ts';
import {
  createCreateService,
  createListServices,
  createRevokeService,
  createRotateServiceToken,
} from './services.ts';
import { newServiceToken } from './serviceToken.ts';

export interface ServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly latestTime: ReadTime;
}

export function mountServices({ database, clock, latestTime }: ServiceParts) {
  return {
    operations: {
      createService: createCreateService({ database, clock }),
      listServices: createListServices({ database }),
      rotateServiceToken: createRotateServiceToken({ database, clock }),
      revokeService: createRevokeService({ database, clock }),
    },
    authenticateService: createAuthenticateService({ database, clock, latestTime }),
  };
}

type ServiceOperations = ReturnType<typeof mountServices>['operations'];

/** The service that the first start in embedded mode creates, for trying things out. */
export const firstService = 'first';

/**
 * Writes the token to the data folder before storing its hash, so that an interrupted start can be repeated. Returns whether it
 * was created now.
 */
export async function keepFirstService(
  { listServices, createService }: ServiceOperations,
  dataFolder: Pick<DataFolder, 'serviceToken'>,
): Promise<boolean> {
  const services = await listServices();
  if (services.length > 0) return false;
  const token = await dataFolder.serviceToken(newServiceToken());
  const first = { name: firstService, permissions: firstServicePermissions, token };
  await createService(first, { name: 'authority' });
  return true;
}
