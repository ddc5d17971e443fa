// Original file: proto/countersign/v1/user_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DeleteUserRequest as _countersign_v1_DeleteUserRequest, DeleteUserRequest__Output as _countersign_v1_DeleteUserRequest__Output } from '../../countersign/v1/DeleteUserRequest.ts';
import type { DeleteUserResponse as _countersign_v1_DeleteUserResponse, DeleteUserResponse__Output as _countersign_v1_DeleteUserResponse__Output } from '../../countersign/v1/DeleteUserResponse.ts';
import type { DisableUserRequest as _countersign_v1_DisableUserRequest, DisableUserRequest__Output as _countersign_v1_DisableUserRequest__Output } from '../../countersign/v1/DisableUserRequest.ts';
import type { DisableUserResponse as _countersign_v1_DisableUserResponse, DisableUserResponse__Output as _countersign_v1_DisableUserResponse__Output } from '../../countersign/v1/DisableUserResponse.ts';
import type { EnableUserRequest as _countersign_v1_EnableUserRequest, EnableUserRequest__Output as _countersign_v1_EnableUserRequest__Output } from '../../countersign/v1/EnableUserRequest.ts';
import type { EnableUserResponse as _countersign_v1_EnableUserResponse, EnableUserResponse__Output as _countersign_v1_EnableUserResponse__Output } from '../../countersign/v1/EnableUserResponse.ts';
import type { ResetFactorsRequest as _countersign_v1_ResetFactorsRequest, ResetFactorsRequest__Output as _countersign_v1_ResetFactorsRequest__Output } from '../../countersign/v1/ResetFactorsRequest.ts';
import type { ResetFactorsResponse as _countersign_v1_ResetFactorsResponse, ResetFactorsResponse__Output as _countersign_v1_ResetFactorsResponse__Output } from '../../countersign/v1/ResetFactorsResponse.ts';

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
  
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  ResetFactors(argument: _countersign_v1_ResetFactorsRequest, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  resetFactors(argument: _countersign_v1_ResetFactorsRequest, callback: grpc.requestCallback<_countersign_v1_ResetFactorsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface UserServiceHandlers extends grpc.UntypedServiceImplementation {
  DeleteUser: grpc.handleUnaryCall<_countersign_v1_DeleteUserRequest__Output, _countersign_v1_DeleteUserResponse>;
  
  DisableUser: grpc.handleUnaryCall<_countersign_v1_DisableUserRequest__Output, _countersign_v1_DisableUserResponse>;
  
  EnableUser: grpc.handleUnaryCall<_countersign_v1_EnableUserRequest__Output, _countersign_v1_EnableUserResponse>;
  
  ResetFactors: grpc.handleUnaryCall<_countersign_v1_ResetFactorsRequest__Output, _countersign_v1_ResetFactorsResponse>;
  
}

export interface UserServiceDefinition extends grpc.ServiceDefinition {
  DeleteUser: MethodDefinition<_countersign_v1_DeleteUserRequest, _countersign_v1_DeleteUserResponse, _countersign_v1_DeleteUserRequest__Output, _countersign_v1_DeleteUserResponse__Output>
  DisableUser: MethodDefinition<_countersign_v1_DisableUserRequest, _countersign_v1_DisableUserResponse, _countersign_v1_DisableUserRequest__Output, _countersign_v1_DisableUserResponse__Output>
  EnableUser: MethodDefinition<_countersign_v1_EnableUserRequest, _countersign_v1_EnableUserResponse, _countersign_v1_EnableUserRequest__Output, _countersign_v1_EnableUserResponse__Output>
  ResetFactors: MethodDefinition<_countersign_v1_ResetFactorsRequest, _countersign_v1_ResetFactorsResponse, _countersign_v1_ResetFactorsRequest__Output, _countersign_v1_ResetFactorsResponse__Output>
}
