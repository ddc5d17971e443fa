import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ExternalToken as _countersign_v1_ExternalToken, ExternalToken__Output as _countersign_v1_ExternalToken__Output } from './countersign/v1/ExternalToken.ts';
import type { RevocationServiceClient as _countersign_v1_RevocationServiceClient, RevocationServiceDefinition as _countersign_v1_RevocationServiceDefinition } from './countersign/v1/RevocationService.ts';
import type { RevokeRequest as _countersign_v1_RevokeRequest, RevokeRequest__Output as _countersign_v1_RevokeRequest__Output } from './countersign/v1/RevokeRequest.ts';
import type { RevokeResponse as _countersign_v1_RevokeResponse, RevokeResponse__Output as _countersign_v1_RevokeResponse__Output } from './countersign/v1/RevokeResponse.ts';
import type { WaitedForNode as _countersign_v1_WaitedForNode, WaitedForNode__Output as _countersign_v1_WaitedForNode__Output } from './countersign/v1/WaitedForNode.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      ExternalToken: MessageTypeDefinition<_countersign_v1_ExternalToken, _countersign_v1_ExternalToken__Output>
      NodeOutcome: EnumTypeDefinition
      RevocationService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_RevocationServiceClient> & { service: _countersign_v1_RevocationServiceDefinition }
      RevokeRequest: MessageTypeDefinition<_countersign_v1_RevokeRequest, _countersign_v1_RevokeRequest__Output>
      RevokeResponse: MessageTypeDefinition<_countersign_v1_RevokeResponse, _countersign_v1_RevokeResponse__Output>
      WaitedForNode: MessageTypeDefinition<_countersign_v1_WaitedForNode, _countersign_v1_WaitedForNode__Output>
    }
  }
}

