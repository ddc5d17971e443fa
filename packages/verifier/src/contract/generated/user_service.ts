import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { DeleteUserRequest as _countersign_v1_DeleteUserRequest, DeleteUserRequest__Output as _countersign_v1_DeleteUserRequest__Output } from './countersign/v1/DeleteUserRequest.ts';
import type { DeleteUserResponse as _countersign_v1_DeleteUserResponse, DeleteUserResponse__Output as _countersign_v1_DeleteUserResponse__Output } from './countersign/v1/DeleteUserResponse.ts';
import type { DisableUserRequest as _countersign_v1_DisableUserRequest, DisableUserRequest__Output as _countersign_v1_DisableUserRequest__Output } from './countersign/v1/DisableUserRequest.ts';
import type { DisableUserResponse as _countersign_v1_DisableUserResponse, DisableUserResponse__Output as _countersign_v1_DisableUserResponse__Output } from './countersign/v1/DisableUserResponse.ts';
import type { EnableUserRequest as _countersign_v1_EnableUserRequest, EnableUserRequest__Output as _countersign_v1_EnableUserRequest__Output } from './countersign/v1/EnableUserRequest.ts';
import type { EnableUserResponse as _countersign_v1_EnableUserResponse, EnableUserResponse__Output as _countersign_v1_EnableUserResponse__Output } from './countersign/v1/EnableUserResponse.ts';
import type { GetUserRequest as _countersign_v1_GetUserRequest, GetUserRequest__Output as _countersign_v1_GetUserRequest__Output } from './countersign/v1/GetUserRequest.ts';
import type { GetUserResponse as _countersign_v1_GetUserResponse, GetUserResponse__Output as _countersign_v1_GetUserResponse__Output } from './countersign/v1/GetUserResponse.ts';
import type { ListUserEventsRequest as _countersign_v1_ListUserEventsRequest, ListUserEventsRequest__Output as _countersign_v1_ListUserEventsRequest__Output } from './countersign/v1/ListUserEventsRequest.ts';
import type { ListUserEventsResponse as _countersign_v1_ListUserEventsResponse, ListUserEventsResponse__Output as _countersign_v1_ListUserEventsResponse__Output } from './countersign/v1/ListUserEventsResponse.ts';
import type { ListUsersRequest as _countersign_v1_ListUsersRequest, ListUsersRequest__Output as _countersign_v1_ListUsersRequest__Output } from './countersign/v1/ListUsersRequest.ts';
import type { ListUsersResponse as _countersign_v1_ListUsersResponse, ListUsersResponse__Output as _countersign_v1_ListUsersResponse__Output } from './countersign/v1/ListUsersResponse.ts';
import type { ResetFactorsRequest as _countersign_v1_ResetFactorsRequest, ResetFactorsRequest__Output as _countersign_v1_ResetFactorsRequest__Output } from './countersign/v1/ResetFactorsRequest.ts';
import type { ResetFactorsResponse as _countersign_v1_ResetFactorsResponse, ResetFactorsResponse__Output as _countersign_v1_ResetFactorsResponse__Output } from './countersign/v1/ResetFactorsResponse.ts';
import type { SendRecoveryRequest as _countersign_v1_SendRecoveryRequest, SendRecoveryRequest__Output as _countersign_v1_SendRecoveryRequest__Output } from './countersign/v1/SendRecoveryRequest.ts';
import type { SendRecoveryResponse as _countersign_v1_SendRecoveryResponse, SendRecoveryResponse__Output as _countersign_v1_SendRecoveryResponse__Output } from './countersign/v1/SendRecoveryResponse.ts';
import type { SetOneTimePasswordRequest as _countersign_v1_SetOneTimePasswordRequest, SetOneTimePasswordRequest__Output as _countersign_v1_SetOneTimePasswordRequest__Output } from './countersign/v1/SetOneTimePasswordRequest.ts';
import type { SetOneTimePasswordResponse as _countersign_v1_SetOneTimePasswordResponse, SetOneTimePasswordResponse__Output as _countersign_v1_SetOneTimePasswordResponse__Output } from './countersign/v1/SetOneTimePasswordResponse.ts';
import type { StopFactorsResetRequest as _countersign_v1_StopFactorsResetRequest, StopFactorsResetRequest__Output as _countersign_v1_StopFactorsResetRequest__Output } from './countersign/v1/StopFactorsResetRequest.ts';
import type { StopFactorsResetResponse as _countersign_v1_StopFactorsResetResponse, StopFactorsResetResponse__Output as _countersign_v1_StopFactorsResetResponse__Output } from './countersign/v1/StopFactorsResetResponse.ts';
import type { User as _countersign_v1_User, User__Output as _countersign_v1_User__Output } from './countersign/v1/User.ts';
import type { UserEvent as _countersign_v1_UserEvent, UserEvent__Output as _countersign_v1_UserEvent__Output } from './countersign/v1/UserEvent.ts';
import type { UserServiceClient as _countersign_v1_UserServiceClient, UserServiceDefinition as _countersign_v1_UserServiceDefinition } from './countersign/v1/UserService.ts';
import type { VerifyEmailRequest as _countersign_v1_VerifyEmailRequest, VerifyEmailRequest__Output as _countersign_v1_VerifyEmailRequest__Output } from './countersign/v1/VerifyEmailRequest.ts';
import type { VerifyEmailResponse as _countersign_v1_VerifyEmailResponse, VerifyEmailResponse__Output as _countersign_v1_VerifyEmailResponse__Output } from './countersign/v1/VerifyEmailResponse.ts';

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
      GetUserRequest: MessageTypeDefinition<_countersign_v1_GetUserRequest, _countersign_v1_GetUserRequest__Output>
      GetUserResponse: MessageTypeDefinition<_countersign_v1_GetUserResponse, _countersign_v1_GetUserResponse__Output>
      ListUserEventsRequest: MessageTypeDefinition<_countersign_v1_ListUserEventsRequest, _countersign_v1_ListUserEventsRequest__Output>
      ListUserEventsResponse: MessageTypeDefinition<_countersign_v1_ListUserEventsResponse, _countersign_v1_ListUserEventsResponse__Output>
      ListUsersRequest: MessageTypeDefinition<_countersign_v1_ListUsersRequest, _countersign_v1_ListUsersRequest__Output>
      ListUsersResponse: MessageTypeDefinition<_countersign_v1_ListUsersResponse, _countersign_v1_ListUsersResponse__Output>
      ResetFactorsRequest: MessageTypeDefinition<_countersign_v1_ResetFactorsRequest, _countersign_v1_ResetFactorsRequest__Output>
      ResetFactorsResponse: MessageTypeDefinition<_countersign_v1_ResetFactorsResponse, _countersign_v1_ResetFactorsResponse__Output>
      SendRecoveryRequest: MessageTypeDefinition<_countersign_v1_SendRecoveryRequest, _countersign_v1_SendRecoveryRequest__Output>
      SendRecoveryResponse: MessageTypeDefinition<_countersign_v1_SendRecoveryResponse, _countersign_v1_SendRecoveryResponse__Output>
      SetOneTimePasswordRequest: MessageTypeDefinition<_countersign_v1_SetOneTimePasswordRequest, _countersign_v1_SetOneTimePasswordRequest__Output>
      SetOneTimePasswordResponse: MessageTypeDefinition<_countersign_v1_SetOneTimePasswordResponse, _countersign_v1_SetOneTimePasswordResponse__Output>
      StopFactorsResetRequest: MessageTypeDefinition<_countersign_v1_StopFactorsResetRequest, _countersign_v1_StopFactorsResetRequest__Output>
      StopFactorsResetResponse: MessageTypeDefinition<_countersign_v1_StopFactorsResetResponse, _countersign_v1_StopFactorsResetResponse__Output>
      User: MessageTypeDefinition<_countersign_v1_User, _countersign_v1_User__Output>
      UserEvent: MessageTypeDefinition<_countersign_v1_UserEvent, _countersign_v1_UserEvent__Output>
      UserService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_UserServiceClient> & { service: _countersign_v1_UserServiceDefinition }
      VerifyEmailRequest: MessageTypeDefinition<_countersign_v1_VerifyEmailRequest, _countersign_v1_VerifyEmailRequest__Output>
      VerifyEmailResponse: MessageTypeDefinition<_countersign_v1_VerifyEmailResponse, _countersign_v1_VerifyEmailResponse__Output>
    }
  }
}

