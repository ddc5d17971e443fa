import { loadContract } from '@countersign/verifier/contract/contract';
import { type CallReportParts, createCallReports } from '../grpc/callReports.ts';
import type { GrpcService } from '../grpc/server.ts';
import type { MountRoutes } from '../http/app.ts';
import { type ApiCallerParts, createApiCallers } from './callers.ts';
import { type ApiParts, apiRoutes } from './http.ts';
import { createApiMethods } from './methods.ts';

export function openApi(
  parts: CallReportParts &
    ApiCallerParts &
    Pick<ApiParts, 'clock' | 'isDraining' | 'requireTruth'> & { readonly services: readonly GrpcService[] },
): MountRoutes {
  const { services, clock, isDraining, requireTruth } = parts;
  const { report } = createCallReports(parts);
  const { v1 } = loadContract();
  const findMethod = createApiMethods({ services, v1, clock, report });
  return apiRoutes({ findMethod, callers: createApiCallers(parts), clock, isDraining, requireTruth, report });
}
