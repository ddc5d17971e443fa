// Original file: proto/countersign/v1/token_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BatchIntrospectRequest as _countersign_v1_BatchIntrospectRequest, BatchIntrospectRequest__Output as _countersign_v1_BatchIntrospectRequest__Output } from '../../countersign/v1/BatchIntrospectRequest.ts';
import type { BatchIntrospectResponse as _countersign_v1_BatchIntrospectResponse, BatchIntrospectResponse__Output as _countersign_v1_BatchIntrospectResponse__Output } from '../../countersign/v1/BatchIntrospectResponse.ts';
import type { BatchIsRevokedRequest as _countersign_v1_BatchIsRevokedRequest, BatchIsRevokedRequest__Output as _countersign_v1_BatchIsRevokedRequest__Output } from '../../countersign/v1/BatchIsRevokedRequest.ts';
import type { BatchIsRevokedResponse as _countersign_v1_BatchIsRevokedResponse, BatchIsRevokedResponse__Output as _countersign_v1_BatchIsRevokedResponse__Output } from '../../countersign/v1/BatchIsRevokedResponse.ts';
import type { IntrospectRequest as _countersign_v1_IntrospectRequest, IntrospectRequest__Output as _countersign_v1_IntrospectRequest__Output } from '../../countersign/v1/IntrospectRequest.ts';
import type { IntrospectResponse as _countersign_v1_IntrospectResponse, IntrospectResponse__Output as _countersign_v1_IntrospectResponse__Output } from '../../countersign/v1/IntrospectResponse.ts';
import type { IsRevokedRequest as _countersign_v1_IsRevokedRequest, IsRevokedRequest__Output as _countersign_v1_IsRevokedRequest__Output } from '../../countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse as _countersign_v1_IsRevokedResponse, IsRevokedResponse__Output as _countersign_v1_IsRevokedResponse__Output } from '../../countersign/v1/IsRevokedResponse.ts';

export interface TokenServiceClient extends grpc.Client {
  BatchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  BatchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  BatchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  BatchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  batchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  batchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  batchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  batchIntrospect(argument: _countersign_v1_BatchIntrospectRequest, callback: grpc.requestCallback<_countersign_v1_BatchIntrospectResponse__Output>): grpc.ClientUnaryCall;
  
  BatchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  BatchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  BatchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  BatchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  batchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  batchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  batchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  batchIsRevoked(argument: _countersign_v1_BatchIsRevokedRequest, callback: grpc.requestCallback<_countersign_v1_BatchIsRevokedResponse__Output>): grpc.ClientUnaryCall;
  
  Introspect(argument: _countersign_v1_IntrospectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  Introspect(argument: _countersign_v1_IntrospectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  Introspect(argument: _countersign_v1_IntrospectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  Introspect(argument: _countersign_v1_IntrospectRequest, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  introspect(argument: _countersign_v1_IntrospectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  introspect(argument: _countersign_v1_IntrospectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  introspect(argument: _countersign_v1_IntrospectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  introspect(argument: _countersign_v1_IntrospectRequest, callback: grpc.requestCallback<_countersign_v1_IntrospectResponse__Output>): grpc.ClientUnaryCall;
  
  IsRevoked(argument: _countersign_v1_IsRevokedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  IsRevoked(argument: _countersign_v1_IsRevokedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  IsRevoked(argument: _countersign_v1_IsRevokedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  IsRevoked(argument: _countersign_v1_IsRevokedRequest, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  isRevoked(argument: _countersign_v1_IsRevokedRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  isRevoked(argument: _countersign_v1_IsRevokedRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  isRevoked(argument: _countersign_v1_IsRevokedRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  isRevoked(argument: _countersign_v1_IsRevokedRequest, callback: grpc.requestCallback<_countersign_v1_IsRevokedResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface TokenServiceHandlers extends grpc.UntypedServiceImplementation {
  BatchIntrospect: grpc.handleUnaryCall<_countersign_v1_BatchIntrospectRequest__Output, _countersign_v1_BatchIntrospectResponse>;
  
  BatchIsRevoked: grpc.handleUnaryCall<_countersign_v1_BatchIsRevokedRequest__Output, _countersign_v1_BatchIsRevokedResponse>;
  
  Introspect: grpc.handleUnaryCall<_countersign_v1_IntrospectRequest__Output, _countersign_v1_IntrospectResponse>;
  
  IsRevoked: grpc.handleUnaryCall<_countersign_v1_IsRevokedRequest__Output, _countersign_v1_IsRevokedResponse>;
  
}

export interface TokenServiceDefinition extends grpc.ServiceDefinition {
  BatchIntrospect: MethodDefinition<_countersign_v1_BatchIntrospectRequest, _countersign_v1_BatchIntrospectResponse, _countersign_v1_BatchIntrospectRequest__Output, _countersign_v1_BatchIntrospectResponse__Output>
  BatchIsRevoked: MethodDefinition<_countersign_v1_BatchIsRevokedRequest, _countersign_v1_BatchIsRevokedResponse, _countersign_v1_BatchIsRevokedRequest__Output, _countersign_v1_BatchIsRevokedResponse__Output>
  Introspect: MethodDefinition<_countersign_v1_IntrospectRequest, _countersign_v1_IntrospectResponse, _countersign_v1_IntrospectRequest__Output, _countersign_v1_IntrospectResponse__Output>
  IsRevoked: MethodDefinition<_countersign_v1_IsRevokedRequest, _countersign_v1_IsRevokedResponse, _countersign_v1_IsRevokedRequest__Output, _countersign_v1_IsRevokedResponse__Output>
}
