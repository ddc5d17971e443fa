// Original file: proto/countersign/v1/key_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ListKeysRequest as _countersign_v1_ListKeysRequest, ListKeysRequest__Output as _countersign_v1_ListKeysRequest__Output } from '../../countersign/v1/ListKeysRequest.ts';
import type { ListKeysResponse as _countersign_v1_ListKeysResponse, ListKeysResponse__Output as _countersign_v1_ListKeysResponse__Output } from '../../countersign/v1/ListKeysResponse.ts';
import type { ResealKeysRequest as _countersign_v1_ResealKeysRequest, ResealKeysRequest__Output as _countersign_v1_ResealKeysRequest__Output } from '../../countersign/v1/ResealKeysRequest.ts';
import type { ResealKeysResponse as _countersign_v1_ResealKeysResponse, ResealKeysResponse__Output as _countersign_v1_ResealKeysResponse__Output } from '../../countersign/v1/ResealKeysResponse.ts';
import type { RevokeKeyRequest as _countersign_v1_RevokeKeyRequest, RevokeKeyRequest__Output as _countersign_v1_RevokeKeyRequest__Output } from '../../countersign/v1/RevokeKeyRequest.ts';
import type { RevokeKeyResponse as _countersign_v1_RevokeKeyResponse, RevokeKeyResponse__Output as _countersign_v1_RevokeKeyResponse__Output } from '../../countersign/v1/RevokeKeyResponse.ts';
import type { RotateKeyRequest as _countersign_v1_RotateKeyRequest, RotateKeyRequest__Output as _countersign_v1_RotateKeyRequest__Output } from '../../countersign/v1/RotateKeyRequest.ts';
import type { RotateKeyResponse as _countersign_v1_RotateKeyResponse, RotateKeyResponse__Output as _countersign_v1_RotateKeyResponse__Output } from '../../countersign/v1/RotateKeyResponse.ts';

export interface KeyServiceClient extends grpc.Client {
  ListKeys(argument: _countersign_v1_ListKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  ListKeys(argument: _countersign_v1_ListKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  ListKeys(argument: _countersign_v1_ListKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  ListKeys(argument: _countersign_v1_ListKeysRequest, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  listKeys(argument: _countersign_v1_ListKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  listKeys(argument: _countersign_v1_ListKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  listKeys(argument: _countersign_v1_ListKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  listKeys(argument: _countersign_v1_ListKeysRequest, callback: grpc.requestCallback<_countersign_v1_ListKeysResponse__Output>): grpc.ClientUnaryCall;
  
  ResealKeys(argument: _countersign_v1_ResealKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  ResealKeys(argument: _countersign_v1_ResealKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  ResealKeys(argument: _countersign_v1_ResealKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  ResealKeys(argument: _countersign_v1_ResealKeysRequest, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  resealKeys(argument: _countersign_v1_ResealKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  resealKeys(argument: _countersign_v1_ResealKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  resealKeys(argument: _countersign_v1_ResealKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  resealKeys(argument: _countersign_v1_ResealKeysRequest, callback: grpc.requestCallback<_countersign_v1_ResealKeysResponse__Output>): grpc.ClientUnaryCall;
  
  RevokeKey(argument: _countersign_v1_RevokeKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeKey(argument: _countersign_v1_RevokeKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeKey(argument: _countersign_v1_RevokeKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  RevokeKey(argument: _countersign_v1_RevokeKeyRequest, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeKey(argument: _countersign_v1_RevokeKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeKey(argument: _countersign_v1_RevokeKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeKey(argument: _countersign_v1_RevokeKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  revokeKey(argument: _countersign_v1_RevokeKeyRequest, callback: grpc.requestCallback<_countersign_v1_RevokeKeyResponse__Output>): grpc.ClientUnaryCall;
  
  RotateKey(argument: _countersign_v1_RotateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _countersign_v1_RotateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _countersign_v1_RotateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  RotateKey(argument: _countersign_v1_RotateKeyRequest, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _countersign_v1_RotateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _countersign_v1_RotateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _countersign_v1_RotateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  rotateKey(argument: _countersign_v1_RotateKeyRequest, callback: grpc.requestCallback<_countersign_v1_RotateKeyResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface KeyServiceHandlers extends grpc.UntypedServiceImplementation {
  ListKeys: grpc.handleUnaryCall<_countersign_v1_ListKeysRequest__Output, _countersign_v1_ListKeysResponse>;
  
  ResealKeys: grpc.handleUnaryCall<_countersign_v1_ResealKeysRequest__Output, _countersign_v1_ResealKeysResponse>;
  
  RevokeKey: grpc.handleUnaryCall<_countersign_v1_RevokeKeyRequest__Output, _countersign_v1_RevokeKeyResponse>;
  
  RotateKey: grpc.handleUnaryCall<_countersign_v1_RotateKeyRequest__Output, _countersign_v1_RotateKeyResponse>;
  
}

export interface KeyServiceDefinition extends grpc.ServiceDefinition {
  ListKeys: MethodDefinition<_countersign_v1_ListKeysRequest, _countersign_v1_ListKeysResponse, _countersign_v1_ListKeysRequest__Output, _countersign_v1_ListKeysResponse__Output>
  ResealKeys: MethodDefinition<_countersign_v1_ResealKeysRequest, _countersign_v1_ResealKeysResponse, _countersign_v1_ResealKeysRequest__Output, _countersign_v1_ResealKeysResponse__Output>
  RevokeKey: MethodDefinition<_countersign_v1_RevokeKeyRequest, _countersign_v1_RevokeKeyResponse, _countersign_v1_RevokeKeyRequest__Output, _countersign_v1_RevokeKeyResponse__Output>
  RotateKey: MethodDefinition<_countersign_v1_RotateKeyRequest, _countersign_v1_RotateKeyResponse, _countersign_v1_RotateKeyRequest__Output, _countersign_v1_RotateKeyResponse__Output>
}
