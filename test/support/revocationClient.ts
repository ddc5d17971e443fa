/** RevocationService, and the questions about tokens of earlier systems, by the generated stubs. */
import type { IsRevokedRequest } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedRequest';
import type { IsRevokedResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedResponse';
import type { RevokeRequest } from '@countersign/verifier/contract/generated/countersign/v1/RevokeRequest';
import type { RevokeResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevokeResponse';
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
