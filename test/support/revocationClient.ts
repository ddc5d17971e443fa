/** RevocationService, and the questions about tokens of earlier systems, by the generated stubs. */
import type { IsRevokedRequest } from '../../src/contract/generated/countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse__Output } from '../../src/contract/generated/countersign/v1/IsRevokedResponse.ts';
import type { RevokeRequest } from '../../src/contract/generated/countersign/v1/RevokeRequest.ts';
import type { RevokeResponse__Output } from '../../src/contract/generated/countersign/v1/RevokeResponse.ts';
import { createRpcClient } from './rpcClient.ts';

export interface RevocationClient {
  revoke(request: RevokeRequest): Promise<RevokeResponse__Output>;
  isRevoked(request: IsRevokedRequest): Promise<IsRevokedResponse__Output>;
  close(): void;
}

export function createRevocationClient(address: string, serviceToken: string): RevocationClient {
  const { call, close } = createRpcClient(address, serviceToken);
  return {
    revoke: (request) => call('revoke', request),
    isRevoked: (request) => call('isRevoked', request),
    close,
  };
}
