/** KeyService by the generated stubs. */
import type { Key__Output } from '@countersign/verifier/contract/generated/countersign/v1/Key';
import type { ResealKeysResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/ResealKeysResponse';
import type { RevokeKeyResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevokeKeyResponse';
import type { RotateKeyResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/RotateKeyResponse';
import { createRpcClient } from './rpcClient.ts';

export interface KeyClient {
  list(): Promise<readonly Key__Output[]>;
  rotate(): Promise<RotateKeyResponse__Output>;
  revoke(kid: string): Promise<RevokeKeyResponse__Output>;
  reseal(): Promise<ResealKeysResponse__Output>;
  close(): void;
}

export function createKeyClient(address: string, serviceToken: string): KeyClient {
  const { call, close } = createRpcClient(address, serviceToken);
  return {
    list: async () => (await call('listKeys', {})).keys,
    rotate: () => call('rotateKey', {}),
    revoke: (kid) => call('revokeKey', { kid }),
    reseal: () => call('resealKeys', {}),
    close,
  };
}
