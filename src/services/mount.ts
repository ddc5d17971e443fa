/**
 * Services that call the gRPC interface: their identity and permissions. Owns service tokens, certificates and permissions. Does
 * not own the calls (`transport/grpc/`).
 */
import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Counted } from '../revocation/countFailures.ts';
import type { RevokingParts } from '../revocation/propagation/revokeAndPropagate.ts';
import type { DataFolder } from '../storage/embedded/dataFolder.ts';
import { createAuthenticateService } from './authenticateService.ts';
import { firstServicePermissions } from './service.ts';
import { createCreateService, createListServices, createRotateServiceToken } from './services.ts';
import { newServiceToken } from './serviceToken.ts';
import { createStopService } from './stopService.ts';

export interface ServiceParts extends RevokingParts {
  readonly latestTime: ReadTime;
  readonly counted: Counted;
}

export function mountServices(parts: ServiceParts) {
  const { database, clock, latestTime, counted } = parts;
  const stopping = createStopService(parts);
  return {
    operations: {
      createService: createCreateService({ database, clock }),
      listServices: createListServices({ database }),
      rotateServiceToken: createRotateServiceToken({ database, clock }),
      disableClient: counted(stopping.disableClient),
      enableClient: stopping.enableClient,
      revokeService: counted(stopping.revokeService),
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
