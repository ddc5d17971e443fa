// Original file: proto/countersign/v1/user_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DeleteUserRequest as _countersign_v1_DeleteUserRequest, DeleteUserRequest__Output as _countersign_v1_DeleteUserRequest__Output } from '../../countersign/v1/DeleteUserRequest.ts';
import type { DeleteUserResponse as _countersign_v1_DeleteUserResponse, DeleteUserResponse__Output as _countersign_v1_DeleteUserResponse__Output } from '../../countersign/v1/DeleteUserResponse.ts';
import type { DisableUserRequest as _countersign_v1_DisableUserRequest, DisableUserRequest__Output as _countersign_v1_DisableUserRequest__Output } from '../../countersign/v1/DisableUserRequest.ts';
import type { DisableUserResponse as _countersign_v1_DisableUserResponse, DisableUserResponse__Output as _countersign_v1_DisableUserResponse__Output } from '../../countersign/v1/DisableUserResponse.ts';
import type { EnableUserRequest as _countersign_v1_EnableUserRequest, EnableUserRequest__Output as _countersign_v1_EnableUserRequest__Output } from '../../countersign/v1/EnableUserRequest.ts';
import type { EnableUserResponse as _countersign_v1_EnableUserResponse, EnableUserResponse__Output as _countersign_v1_EnableUserResponse__Output } from '../../countersign/v1/EnableUserResponse.ts';
import type { GetUserRequest as _countersign_v1_GetUserRequest, GetUserRequest__Output as _countersign_v1_GetUserRequest__Output } from '../../countersign/v1/GetUserRequest.ts';
import type { GetUserResponse as _countersign_v1_GetUserResponse, GetUserResponse__Output as _countersign_v1_GetUserResponse__Output } from '../../countersign/v1/GetUserResponse.ts';
import type { ListUserEventsRequest as _countersign_v1_ListUserEventsRequest, ListUserEventsRequest__Output as _countersign_v1_ListUserEventsRequest__Output } from '../../countersign/v1/ListUserEventsRequest.ts';
import type { ListUserEventsResponse as _countersign_v1_ListUserEventsResponse, ListUserEventsResponse__Output as _countersign_v1_ListUserEventsResponse__Output } from '../../countersign/v1/ListUserEventsResponse.ts';
import type { ListUsersRequest as _countersign_v1_ListUsersRequest, ListUsersRequest__Output as _countersign_v1_ListUsersRequest__Output } from '../../countersign/v1/ListUsersRequest.ts';
import type { ListUsersResponse as _countersign_v1_ListUsersResponse, ListUsersResponse__Output as _countersign_v1_ListUsersResponse__Output } from '../../countersign/v1/ListUsersResponse.ts';
import type { ResetFactorsRequest as _countersign_v1_ResetFactorsRequest, ResetFactorsRequest__Output as _countersign_v1_ResetFactorsRequest__Output } from '../../countersign/v1/ResetFactorsRequest.ts';
import type { ResetFactorsResponse as _countersign_v1_ResetFactorsResponse, ResetFactorsResponse__Output as _countersign_v1_ResetFactorsResponse__Output } from '../../countersign/v1/ResetFactorsResponse.ts';
import type { SendRecoveryRequest as _countersign_v1_SendRecoveryRequest, SendRecoveryRequest__Output as _countersign_v1_SendRecoveryRequest__Output } from '../../countersign/v1/SendRecoveryRequest.ts';
import type { SendRecoveryResponse as _countersign_v1_SendRecoveryResponse, SendRecoveryResponse__Output as _countersign_v1_SendRecoveryResponse__Output } from '../../countersign/v1/SendRecoveryResponse.ts';
import type { SetOneTimePasswordRequest as _countersign_v1_SetOneTimePasswordRequest, SetOneTimePasswordRequest__Output as _countersign_v1_SetOneTimePasswordRequest__Output } from '../../countersign/v1/SetOneTimePasswordRequest.ts';
import type { SetOneTimePasswordResponse as _countersign_v1_SetOneTimePasswordResponse, SetOneTimePasswordResponse__Output as _countersign_v1_SetOneTimePasswordResponse__Output } from '../../countersign/v1/SetOneTimePasswordResponse.ts';
import type { StopFactorsResetRequest as _countersign_v1_StopFactorsResetRequest, StopFactorsResetRequest__Output as _countersign_v1_StopFactorsResetRequest__Output } from '../../countersign/v1/StopFactorsResetRequest.ts';
import type { StopFactorsResetResponse as _countersign_v1_StopFactorsResetResponse, StopFactorsResetResponse__Output as _countersign_v1_StopFactorsResetResponse__Output } from '../../countersign/v1/StopFactorsResetResponse.ts';
import type { VerifyEmailRequest as _countersign_v1_VerifyEmailRequest, VerifyEmailRequest__Output as _countersign_v1_VerifyEmailRequest__Output } from '../../countersign/v1/VerifyEmailRequest.ts';
import type { VerifyEmailResponse as _countersign_v1_VerifyEmailResponse, VerifyEmailResponse__Output as _countersign_v1_VerifyEmailResponse__Output } from '../../countersign/v1/VerifyEmailResponse.ts';

export interface UserServiceClient extends grpc.Client {
  DeleteUser(argument: _countersign_v1_DeleteUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  DeleteUser(argument: _countersign_v1_DeleteUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  DeleteUser(argument: _countersign_v1_DeleteUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  DeleteUser(argument: _countersign_v1_DeleteUserRequest, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  deleteUser(argument: _countersign_v1_DeleteUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  deleteUser(argument: _countersign_v1_DeleteUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  deleteUser(argument: _countersign_v1_DeleteUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  deleteUser(argument: _countersign_v1_DeleteUserRequest, callback: grpc.requestCallback<_countersign_v1_DeleteUserResponse__Output>): grpc.ClientUnaryCall;
  
  DisableUser(argument: _countersign_v1_DisableUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  DisableUser(argument: _countersign_v1_DisableUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  DisableUser(argument: _countersign_v1_DisableUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  DisableUser(argument: _countersign_v1_DisableUserRequest, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  disableUser(argument: _countersign_v1_DisableUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  disableUser(argument: _countersign_v1_DisableUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  disableUser(argument: _countersign_v1_DisableUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  disableUser(argument: _countersign_v1_DisableUserRequest, callback: grpc.requestCallback<_countersign_v1_DisableUserResponse__Output>): grpc.ClientUnaryCall;
  
  EnableUser(argument: _countersign_v1_EnableUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  EnableUser(argument: _countersign_v1_EnableUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  EnableUser(argument: _countersign_v1_EnableUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  EnableUser(argument: _countersign_v1_EnableUserRequest, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  enableUser(argument: _countersign_v1_EnableUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  enableUser(argument: _countersign_v1_EnableUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  enableUser(argument: _countersign_v1_EnableUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  enableUser(argument: _countersign_v1_EnableUserRequest, callback: grpc.requestCallback<_countersign_v1_EnableUserResponse__Output>): grpc.ClientUnaryCall;
  
  GetUser(argument: _countersign_v1_GetUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  GetUser(argument: _countersign_v1_GetUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  GetUser(argument: _countersign_v1_GetUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  GetUser(argument: _countersign_v1_GetUserRequest, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  getUser(argument: _countersign_v1_GetUserRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  getUser(argument: _countersign_v1_GetUserRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  getUser(argument: _countersign_v1_GetUserRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  getUser(argument: _countersign_v1_GetUserRequest, callback: grpc.requestCallback<_countersign_v1_GetUserResponse__Output>): grpc.ClientUnaryCall;
  
  ListUserEvents(argument: _countersign_v1_ListUserEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  ListUserEvents(argument: _countersign_v1_ListUserEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  ListUserEvents(argument: _countersign_v1_ListUserEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  ListUserEvents(argument: _countersign_v1_ListUserEventsRequest, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  listUserEvents(argument: _countersign_v1_ListUserEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  listUserEvents(argument: _countersign_v1_ListUserEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  listUserEvents(argument: _countersign_v1_ListUserEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  listUserEvents(argument: _countersign_v1_ListUserEventsRequest, callback: grpc.requestCallback<_countersign_v1_ListUserEventsResponse__Output>): grpc.ClientUnaryCall;
  
  ListUsers(argument: _countersign_v1_ListUsersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  ListUsers(argument: _countersign_v1_ListUsersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  ListUsers(argument: _countersign_v1_ListUsersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  ListUsers(argument: _countersign_v1_ListUsersRequest, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  listUsers(argument: _countersign_v1_ListUsersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  listUsers(argument: _countersign_v1_ListUsersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  listUsers(argument: _countersign_v1_ListUsersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  listUsers(argument: _countersign_v1_ListUsersRequest, callback: grpc.requestCallback<_countersign_v1_ListUsersResponse__Output>): grpc.ClientUnaryCall;
  
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  
  SendRecovery(argument: _countersign_v1_SendRecoveryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  SendRecovery(argument: _countersign_v1_SendRecoveryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  SendRecovery(argument: _countersign_v1_SendRecoveryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  SendRecovery(argument: _countersign_v1_SendRecoveryRequest, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  sendRecovery(argument: _countersign_v1_SendRecoveryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  sendRecovery(argument: _countersign_v1_SendRecoveryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  sendRecovery(argument: _countersign_v1_SendRecoveryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  sendRecovery(argument: _countersign_v1_SendRecoveryRequest, callback: grpc.requestCallback<_countersign_v1_SendRecoveryResponse__Output>): grpc.ClientUnaryCall;
  
  SetOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  SetOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  SetOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  SetOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  setOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  setOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  setOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  setOneTimePassword(argument: _countersign_v1_SetOneTimePasswordRequest, callback: grpc.requestCallback<_countersign_v1_SetOneTimePasswordResponse__Output>): grpc.ClientUnaryCall;
  
  StopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  StopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  StopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  StopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  stopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  stopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  stopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  stopFactorsReset(argument: _countersign_v1_StopFactorsResetRequest, callback: grpc.requestCallback<_countersign_v1_StopFactorsResetResponse__Output>): grpc.ClientUnaryCall;
  
  VerifyEmail(argument: _countersign_v1_VerifyEmailRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  VerifyEmail(argument: _countersign_v1_VerifyEmailRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  VerifyEmail(argument: _countersign_v1_VerifyEmailRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  VerifyEmail(argument: _countersign_v1_VerifyEmailRequest, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  verifyEmail(argument: _countersign_v1_VerifyEmailRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  verifyEmail(argument: _countersign_v1_VerifyEmailRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  verifyEmail(argument: _countersign_v1_VerifyEmailRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  verifyEmail(argument: _countersign_v1_VerifyEmailRequest, callback: grpc.requestCallback<_countersign_v1_VerifyEmailResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface UserServiceHandlers extends grpc.UntypedServiceImplementation {
  DeleteUser: grpc.handleUnaryCall<_countersign_v1_DeleteUserRequest__Output, _countersign_v1_DeleteUserResponse>;
  
  DisableUser: grpc.handleUnaryCall<_countersign_v1_DisableUserRequest__Output, _countersign_v1_DisableUserResponse>;
  
  EnableUser: grpc.handleUnaryCall<_countersign_v1_EnableUserRequest__Output, _countersign_v1_EnableUserResponse>;
  
  GetUser: grpc.handleUnaryCall<_countersign_v1_GetUserRequest__Output, _countersign_v1_GetUserResponse>;
  
  ListUserEvents: grpc.handleUnaryCall<_countersign_v1_ListUserEventsRequest__Output, _countersign_v1_ListUserEventsResponse>;
  
  ListUsers: grpc.handleUnaryCall<_countersign_v1_ListUsersRequest__Output, _countersign_v1_ListUsersResponse>;
  
  ResetFactors: grpc.handleUnaryCall<_countersign_v1_ResetFactorsRequest__Output, _countersign_v1_ResetFactorsResponse>;
  
  SendRecovery: grpc.handleUnaryCall<_countersign_v1_SendRecoveryRequest__Output, _countersign_v1_SendRecoveryResponse>;
  
  SetOneTimePassword: grpc.handleUnaryCall<_countersign_v1_SetOneTimePasswordRequest__Output, _countersign_v1_SetOneTimePasswordResponse>;
  
  StopFactorsReset: grpc.handleUnaryCall<_countersign_v1_StopFactorsResetRequest__Output, _countersign_v1_StopFactorsResetResponse>;
  
  VerifyEmail: grpc.handleUnaryCall<_countersign_v1_VerifyEmailRequest__Output, _countersign_v1_VerifyEmailResponse>;
  
}

export interface UserServiceDefinition extends grpc.ServiceDefinition {
  DeleteUser: MethodDefinition<_countersign_v1_DeleteUserRequest, _countersign_v1_DeleteUserResponse, _countersign_v1_DeleteUserRequest__Output, _countersign_v1_DeleteUserResponse__Output>
  DisableUser: MethodDefinition<_countersign_v1_DisableUserRequest, _countersign_v1_DisableUserResponse, _countersign_v1_DisableUserRequest__Output, _countersign_v1_DisableUserResponse__Output>
  EnableUser: MethodDefinition<_countersign_v1_EnableUserRequest, _countersign_v1_EnableUserResponse, _countersign_v1_EnableUserRequest__Output, _countersign_v1_EnableUserResponse__Output>
  GetUser: MethodDefinition<_countersign_v1_GetUserRequest, _countersign_v1_GetUserResponse, _countersign_v1_GetUserRequest__Output, _countersign_v1_GetUserResponse__Output>
  ListUserEvents: MethodDefinition<_countersign_v1_ListUserEventsRequest, _countersign_v1_ListUserEventsResponse, _countersign_v1_ListUserEventsRequest__Output, _countersign_v1_ListUserEventsResponse__Output>
  ListUsers: MethodDefinition<_countersign_v1_ListUsersRequest, _countersign_v1_ListUsersResponse, _countersign_v1_ListUsersRequest__Output, _countersign_v1_ListUsersResponse__Output>
  ResetFactors: MethodDefinition<_countersign_v1_ResetFactorsRequest, _countersign_v1_ResetFactorsResponse, _countersign_v1_ResetFactorsRequest__Output, _countersign_v1_ResetFactorsResponse__Output>
  SendRecovery: MethodDefinition<_countersign_v1_SendRecoveryRequest, _countersign_v1_SendRecoveryResponse, _countersign_v1_SendRecoveryRequest__Output, _countersign_v1_SendRecoveryResponse__Output>
  SetOneTimePassword: MethodDefinition<_countersign_v1_SetOneTimePasswordRequest, _countersign_v1_SetOneTimePasswordResponse, _countersign_v1_SetOneTimePasswordRequest__Output, _countersign_v1_SetOneTimePasswordResponse__Output>
  StopFactorsReset: MethodDefinition<_countersign_v1_StopFactorsResetRequest, _countersign_v1_StopFactorsResetResponse, _countersign_v1_StopFactorsResetRequest__Output, _countersign_v1_StopFactorsResetResponse__Output>
  VerifyEmail: MethodDefinition<_countersign_v1_VerifyEmailRequest, _countersign_v1_VerifyEmailResponse, _countersign_v1_VerifyEmailRequest__Output, _countersign_v1_VerifyEmailResponse__Output>
}
