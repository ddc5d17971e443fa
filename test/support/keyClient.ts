/** KeyService by the generated stubs. */
import type { Key__Output } from '../../src/contract/generated/countersign/v1/Key.ts';
import type { ResealKeysResponse__Output } from '../../src/contract/generated/countersign/v1/ResealKeysResponse.ts';
import type { RevokeKeyResponse__Output } from '../../src/contract/generated/countersign/v1/RevokeKeyResponse.ts';
import type { RotateKeyResponse__Output } from '../../src/contract/generated/countersign/v1/RotateKeyResponse.ts';
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
