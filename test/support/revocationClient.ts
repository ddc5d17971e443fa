/** RevocationService, and the questions about tokens of earlier systems, by the generated stubs. */
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { IsRevokedRequest } from '../../src/contract/generated/countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse__Output } from '../../src/contract/generated/countersign/v1/IsRevokedResponse.ts';
import type { RevokeRequest } from '../../src/contract/generated/countersign/v1/RevokeRequest.ts';
import type { RevokeResponse__Output } from '../../src/contract/generated/countersign/v1/RevokeResponse.ts';
import type { ProtoGrpcType as RevocationProto } from '../../src/contract/generated/revocation_service.ts';
import type { ProtoGrpcType as TokenProto } from '../../src/contract/generated/token_service.ts';

export interface RevocationClient {
  revoke(request: RevokeRequest): Promise<RevokeResponse__Output>;
  isRevoked(request: IsRevokedRequest): Promise<IsRevokedResponse__Output>;
  close(): void;
}

const files = ['countersign/v1/revocation_service.proto', 'countersign/v1/token_service.proto'];

export function createRevocationClient(address: string, serviceToken: string): RevocationClient {
  const includeDirs = [fileURLToPath(new URL('../../proto/', import.meta.url))];
  const loading = { includeDirs, longs: Number, enums: String, defaults: true, arrays: true };
  const { countersign } = loadPackageDefinition(loadSync(files, loading)) as unknown as RevocationProto &
    TokenProto;
  const insecure = credentials.createInsecure();
  const revocations = new countersign.v1.RevocationService(address, insecure);
  const tokens = new countersign.v1.TokenService(address, insecure);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${serviceToken}`);

  const unary = <Response>(start: (done: (error: ServiceError | null, answer?: Response) => void) => void) =>
    new Promise<Response>((resolve, reject) => {
      start((error, answer) => (error === null ? resolve(answer as Response) : reject(error)));
    });
  return {
    revoke: (request) => unary((done) => revocations.revoke(request, metadata, done)),
    isRevoked: (request) => unary((done) => tokens.isRevoked(request, metadata, done)),
    close() {
      revocations.close();
      tokens.close();
    },
  };
}
