/**
 * The gRPC contract of proto/countersign/v1, as both sides load it: the authority and the SDK. Its types are generated
 * (`npm run generate`), with the same options.
 */
import { loadPackageDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { ProtoGrpcType as KeyProto } from './generated/key_service.ts';
import { protoJson } from './generated/protoJson.ts';
import type { ProtoGrpcType as RevocationProto } from './generated/revocation_service.ts';
import type { ProtoGrpcType as SessionProto } from './generated/session_service.ts';
import type { ProtoGrpcType as TokenProto } from './generated/token_service.ts';
import type { ProtoGrpcType as UserProto } from './generated/user_service.ts';

export const serviceNames = [
  'TokenService',
  'RevocationService',
  'SessionService',
  'UserService',
  'KeyService',
] as const;

type Proto = KeyProto & RevocationProto & SessionProto & TokenProto & UserProto;

export interface Contract {
  /** The services, and a client for each. */
  readonly v1: Proto['countersign']['v1'];
}

export function loadContract(): Contract {
  const options = { longs: Number, enums: String, defaults: true, arrays: true, oneofs: true };
  // Part of the code, so that a service that bundles the SDK needs no file beside it.
  const definition = fromJSON(protoJson as Parameters<typeof fromJSON>[0], options);
  const { countersign } = loadPackageDefinition(definition) as unknown as Proto;
  return { v1: countersign.v1 };
}
