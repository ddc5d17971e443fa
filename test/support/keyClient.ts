/** KeyService by the generated stubs. */
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Key__Output } from '../../src/contract/generated/countersign/v1/Key.ts';
import type { ListKeysResponse__Output } from '../../src/contract/generated/countersign/v1/ListKeysResponse.ts';
import type { ResealKeysResponse__Output } from '../../src/contract/generated/countersign/v1/ResealKeysResponse.ts';
import type { RevokeKeyResponse__Output } from '../../src/contract/generated/countersign/v1/RevokeKeyResponse.ts';
import type { RotateKeyResponse__Output } from '../../src/contract/generated/countersign/v1/RotateKeyResponse.ts';
import type { ProtoGrpcType } from '../../src/contract/generated/key_service.ts';

export interface KeyClient {
  list(): Promise<readonly Key__Output[]>;
  rotate(): Promise<RotateKeyResponse__Output>;
  revoke(kid: string): Promise<RevokeKeyResponse__Output>;
  reseal(): Promise<ResealKeysResponse__Output>;
  close(): void;
}

export function createKeyClient(address: string, serviceToken: string): KeyClient {
  const includeDirs = [fileURLToPath(new URL('../../proto/', import.meta.url))];
  const loading = { includeDirs, longs: Number, enums: String, defaults: true, arrays: true };
  const definition = loadSync('countersign/v1/key_service.proto', loading);
  const { countersign } = loadPackageDefinition(definition) as unknown as ProtoGrpcType;
  const client = new countersign.v1.KeyService(address, credentials.createInsecure());
  const metadata = new Metadata();
  if (serviceToken !== '') metadata.set('authorization', `Bearer ${serviceToken}`);
  const unary = <Response>(start: (done: (error: ServiceError | null, answer?: Response) => void) => void) =>
    new Promise<Response>((resolve, reject) => {
      start((error, answer) => (error === null ? resolve(answer as Response) : reject(error)));
    });
  return {
    async list() {
      const { keys } = await unary<ListKeysResponse__Output>((done) => client.listKeys({}, metadata, done));
      return keys;
    },
    rotate: () => unary((done) => client.rotateKey({}, metadata, done)),
    revoke: (kid) => unary((done) => client.revokeKey({ kid }, metadata, done)),
    reseal: () => unary((done) => client.resealKeys({}, metadata, done)),
    close: () => client.close(),
  };
}
