import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Key as _countersign_v1_Key, Key__Output as _countersign_v1_Key__Output } from './countersign/v1/Key.ts';
import type { KeyServiceClient as _countersign_v1_KeyServiceClient, KeyServiceDefinition as _countersign_v1_KeyServiceDefinition } from './countersign/v1/KeyService.ts';
import type { ListKeysRequest as _countersign_v1_ListKeysRequest, ListKeysRequest__Output as _countersign_v1_ListKeysRequest__Output } from './countersign/v1/ListKeysRequest.ts';
import type { ListKeysResponse as _countersign_v1_ListKeysResponse, ListKeysResponse__Output as _countersign_v1_ListKeysResponse__Output } from './countersign/v1/ListKeysResponse.ts';
import type { ResealKeysRequest as _countersign_v1_ResealKeysRequest, ResealKeysRequest__Output as _countersign_v1_ResealKeysRequest__Output } from './countersign/v1/ResealKeysRequest.ts';
import type { ResealKeysResponse as _countersign_v1_ResealKeysResponse, ResealKeysResponse__Output as _countersign_v1_ResealKeysResponse__Output } from './countersign/v1/ResealKeysResponse.ts';
import type { RevokeKeyRequest as _countersign_v1_RevokeKeyRequest, RevokeKeyRequest__Output as _countersign_v1_RevokeKeyRequest__Output } from './countersign/v1/RevokeKeyRequest.ts';
import type { RevokeKeyResponse as _countersign_v1_RevokeKeyResponse, RevokeKeyResponse__Output as _countersign_v1_RevokeKeyResponse__Output } from './countersign/v1/RevokeKeyResponse.ts';
import type { RotateKeyRequest as _countersign_v1_RotateKeyRequest, RotateKeyRequest__Output as _countersign_v1_RotateKeyRequest__Output } from './countersign/v1/RotateKeyRequest.ts';
import type { RotateKeyResponse as _countersign_v1_RotateKeyResponse, RotateKeyResponse__Output as _countersign_v1_RotateKeyResponse__Output } from './countersign/v1/RotateKeyResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      Key: MessageTypeDefinition<_countersign_v1_Key, _countersign_v1_Key__Output>
      KeyService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_KeyServiceClient> & { service: _countersign_v1_KeyServiceDefinition }
      KeyState: EnumTypeDefinition
      ListKeysRequest: MessageTypeDefinition<_countersign_v1_ListKeysRequest, _countersign_v1_ListKeysRequest__Output>
      ListKeysResponse: MessageTypeDefinition<_countersign_v1_ListKeysResponse, _countersign_v1_ListKeysResponse__Output>
      ResealKeysRequest: MessageTypeDefinition<_countersign_v1_ResealKeysRequest, _countersign_v1_ResealKeysRequest__Output>
      ResealKeysResponse: MessageTypeDefinition<_countersign_v1_ResealKeysResponse, _countersign_v1_ResealKeysResponse__Output>
      RevokeKeyRequest: MessageTypeDefinition<_countersign_v1_RevokeKeyRequest, _countersign_v1_RevokeKeyRequest__Output>
      RevokeKeyResponse: MessageTypeDefinition<_countersign_v1_RevokeKeyResponse, _countersign_v1_RevokeKeyResponse__Output>
      RotateKeyRequest: MessageTypeDefinition<_countersign_v1_RotateKeyRequest, _countersign_v1_RotateKeyRequest__Output>
      RotateKeyResponse: MessageTypeDefinition<_countersign_v1_RotateKeyResponse, _countersign_v1_RotateKeyResponse__Output>
    }
  }
}

