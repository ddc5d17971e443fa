// Original file: proto/countersign/v1/revocation_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { RevokeRequest as _countersign_v1_RevokeRequest, RevokeRequest__Output as _countersign_v1_RevokeRequest__Output } from '../../countersign/v1/RevokeRequest.ts';
import type { RevokeResponse as _countersign_v1_RevokeResponse, RevokeResponse__Output as _countersign_v1_RevokeResponse__Output } from '../../countersign/v1/RevokeResponse.ts';
import type { WatchRevocationsRequest as _countersign_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _countersign_v1_WatchRevocationsRequest__Output } from '../../countersign/v1/WatchRevocationsRequest.ts';
import type { WatchRevocationsResponse as _countersign_v1_WatchRevocationsResponse, WatchRevocationsResponse__Output as _countersign_v1_WatchRevocationsResponse__Output } from '../../countersign/v1/WatchRevocationsResponse.ts';

export interface RevocationServiceClient extends grpc.Client {
  Revoke(argument: _countersign_v1_RevokeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  Revoke(argument: _countersign_v1_RevokeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  Revoke(argument: _countersign_v1_RevokeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  Revoke(argument: _countersign_v1_RevokeRequest, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  revoke(argument: _countersign_v1_RevokeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  revoke(argument: _countersign_v1_RevokeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  revoke(argument: _countersign_v1_RevokeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  revoke(argument: _countersign_v1_RevokeRequest, callback: grpc.requestCallback<_countersign_v1_RevokeResponse__Output>): grpc.ClientUnaryCall;
  
  WatchRevocations(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsResponse__Output>;
  WatchRevocations(options?: grpc.CallOptions): grpc.ClientDuplexStream<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsResponse__Output>;
  watchRevocations(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsResponse__Output>;
  watchRevocations(options?: grpc.CallOptions): grpc.ClientDuplexStream<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsResponse__Output>;
  
}

export interface RevocationServiceHandlers extends grpc.UntypedServiceImplementation {
  Revoke: grpc.handleUnaryCall<_countersign_v1_RevokeRequest__Output, _countersign_v1_RevokeResponse>;
  
  WatchRevocations: grpc.handleBidiStreamingCall<_countersign_v1_WatchRevocationsRequest__Output, _countersign_v1_WatchRevocationsResponse>;
  
}

export interface RevocationServiceDefinition extends grpc.ServiceDefinition {
  Revoke: MethodDefinition<_countersign_v1_RevokeRequest, _countersign_v1_RevokeResponse, _countersign_v1_RevokeRequest__Output, _countersign_v1_RevokeResponse__Output>
  WatchRevocations: MethodDefinition<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsResponse, _countersign_v1_WatchRevocationsRequest__Output, _countersign_v1_WatchRevocationsResponse__Output>
}
