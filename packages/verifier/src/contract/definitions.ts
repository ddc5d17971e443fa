/**
 * The services of proto/countersign/v1: each method's path, and how its messages are encoded. Needs no gRPC library. The types
 * are generated with the same options (`npm run generate`).
 */
import { fromJSON } from '@grpc/proto-loader';
import type { ProtoGrpcType as AuditProto } from './generated/audit_service.ts';
import type { ProtoGrpcType as ClientProto } from './generated/client_service.ts';
import type { ProtoGrpcType as KeyProto } from './generated/key_service.ts';
import type { ProtoGrpcType as OutboxProto } from './generated/outbox_service.ts';
import { protoJson } from './generated/protoJson.ts';
import type { ProtoGrpcType as RevocationProto } from './generated/revocation_service.ts';
import type { ProtoGrpcType as RoleProto } from './generated/role_service.ts';
import type { ProtoGrpcType as SessionProto } from './generated/session_service.ts';
import type { ProtoGrpcType as StatusProto } from './generated/status_service.ts';
import type { ProtoGrpcType as TokenProto } from './generated/token_service.ts';
import type { ProtoGrpcType as UserProto } from './generated/user_service.ts';

export const serviceNames = [
  'TokenService',
  'RevocationService',
  'SessionService',
  'UserService',
  'KeyService',
  'RoleService',
  'ClientService',
  'AuditService',
  'StatusService',
  'OutboxService',
] as const;

type ServiceName = (typeof serviceNames)[number];

export type Proto = AuditProto &
  ClientProto &
  KeyProto &
  OutboxProto &
  RevocationProto &
  RoleProto &
  SessionProto &
  StatusProto &
  TokenProto &
  UserProto;
type V1 = Proto['countersign']['v1'];

export interface Definitions {
  readonly v1: { readonly [Name in ServiceName]: Pick<V1[Name], 'service'> };
}

let loaded: ReturnType<typeof fromJSON> | undefined;

/** In the form gRPC libraries take, by full name. Loaded once for a process: that takes as long as a hundred checks. */
export function packageDefinition() {
  const options = { longs: Number, enums: String, defaults: true, arrays: true, oneofs: true };
  // Embedded in the code, so that a bundled guard needs no extra file.
  loaded ??= fromJSON(protoJson as Parameters<typeof fromJSON>[0], options);
  return loaded;
}

export function loadDefinitions(): Definitions {
  const all = packageDefinition();
  const services = serviceNames.map((name) => [name, { service: all[`countersign.v1.${name}`] }]);
  return { v1: Object.fromEntries(services) };
}
