/**
 * The gRPC contract of proto/countersign/v1, as both sides load it: the authority and the SDK. Its types are generated
 * (`npm run generate`), with the same options.
 */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import type { ProtoGrpcType as KeyProto } from './generated/key_service.ts';
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

const protoFolder = fileURLToPath(new URL('../../proto/', import.meta.url));
const files = ['token_service', 'revocation_service', 'session_service', 'user_service', 'key_service'];

export function loadContract(): Contract {
  const options = { longs: Number, enums: String, defaults: true, arrays: true, oneofs: true };
  const { countersign } = loadPackageDefinition(load(options)) as unknown as Proto;
  return { v1: countersign.v1 };
}

/** What reflection shows: fields have the names of the contract there, not those that they have in this language. */
export function loadReflected(): PackageDefinition {
  return load({ keepCase: true });
}

function load(options: Options): PackageDefinition {
  const paths = files.map((file) => `countersign/v1/${file}.proto`);
  return loadSync(paths, { ...options, includeDirs: [protoFolder] });
}
