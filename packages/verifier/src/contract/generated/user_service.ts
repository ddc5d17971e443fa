import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { DeleteUserRequest as _countersign_v1_DeleteUserRequest, DeleteUserRequest__Output as _countersign_v1_DeleteUserRequest__Output } from './countersign/v1/DeleteUserRequest.ts';
import type { DeleteUserResponse as _countersign_v1_DeleteUserResponse, DeleteUserResponse__Output as _countersign_v1_DeleteUserResponse__Output } from './countersign/v1/DeleteUserResponse.ts';
import type { DisableUserRequest as _countersign_v1_DisableUserRequest, DisableUserRequest__Output as _countersign_v1_DisableUserRequest__Output } from './countersign/v1/DisableUserRequest.ts';
import type { DisableUserResponse as _countersign_v1_DisableUserResponse, DisableUserResponse__Output as _countersign_v1_DisableUserResponse__Output } from './countersign/v1/DisableUserResponse.ts';
import type { EnableUserRequest as _countersign_v1_EnableUserRequest, EnableUserRequest__Output as _countersign_v1_EnableUserRequest__Output } from './countersign/v1/EnableUserRequest.ts';
import type { EnableUserResponse as _countersign_v1_EnableUserResponse, EnableUserResponse__Output as _countersign_v1_EnableUserResponse__Output } from './countersign/v1/EnableUserResponse.ts';
import type { ResetFactorsRequest as _countersign_v1_ResetFactorsRequest, ResetFactorsRequest__Output as _countersign_v1_ResetFactorsRequest__Output } from './countersign/v1/ResetFactorsRequest.ts';
import type { ResetFactorsResponse as _countersign_v1_ResetFactorsResponse, ResetFactorsResponse__Output as _countersign_v1_ResetFactorsResponse__Output } from './countersign/v1/ResetFactorsResponse.ts';
import type { UserServiceClient as _countersign_v1_UserServiceClient, UserServiceDefinition as _countersign_v1_UserServiceDefinition } from './countersign/v1/UserService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      DeleteUserRequest: MessageTypeDefinition<_countersign_v1_DeleteUserRequest, _countersign_v1_DeleteUserRequest__Output>
      DeleteUserResponse: MessageTypeDefinition<_countersign_v1_DeleteUserResponse, _countersign_v1_DeleteUserResponse__Output>
      DisableUserRequest: MessageTypeDefinition<_countersign_v1_DisableUserRequest, _countersign_v1_DisableUserRequest__Output>
      DisableUserResponse: MessageTypeDefinition<_countersign_v1_DisableUserResponse, _countersign_v1_DisableUserResponse__Output>
      EnableUserRequest: MessageTypeDefinition<_countersign_v1_EnableUserRequest, _countersign_v1_EnableUserRequest__Output>
      EnableUserResponse: MessageTypeDefinition<_countersign_v1_EnableUserResponse, _countersign_v1_EnableUserResponse__Output>
      ResetFactorsRequest: MessageTypeDefinition<_countersign_v1_ResetFactorsRequest, _countersign_v1_ResetFactorsRequest__Output>
      ResetFactorsResponse: MessageTypeDefinition<_countersign_v1_ResetFactorsResponse, _countersign_v1_ResetFactorsResponse__Output>
      UserService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_UserServiceClient> & { service: _countersign_v1_UserServiceDefinition }
    }
  }
}

