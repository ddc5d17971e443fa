// Original file: proto/countersign/v1/session_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { EndSessionRequest as _countersign_v1_EndSessionRequest, EndSessionRequest__Output as _countersign_v1_EndSessionRequest__Output } from '../../countersign/v1/EndSessionRequest.ts';
import type { EndSessionResponse as _countersign_v1_EndSessionResponse, EndSessionResponse__Output as _countersign_v1_EndSessionResponse__Output } from '../../countersign/v1/EndSessionResponse.ts';
import type { ListSessionsRequest as _countersign_v1_ListSessionsRequest, ListSessionsRequest__Output as _countersign_v1_ListSessionsRequest__Output } from '../../countersign/v1/ListSessionsRequest.ts';
import type { ListSessionsResponse as _countersign_v1_ListSessionsResponse, ListSessionsResponse__Output as _countersign_v1_ListSessionsResponse__Output } from '../../countersign/v1/ListSessionsResponse.ts';

export interface SessionServiceClient extends grpc.Client {
  EndSession(argument: _countersign_v1_EndSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  EndSession(argument: _countersign_v1_EndSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  EndSession(argument: _countersign_v1_EndSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  EndSession(argument: _countersign_v1_EndSessionRequest, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  endSession(argument: _countersign_v1_EndSessionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  endSession(argument: _countersign_v1_EndSessionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  endSession(argument: _countersign_v1_EndSessionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  endSession(argument: _countersign_v1_EndSessionRequest, callback: grpc.requestCallback<_countersign_v1_EndSessionResponse__Output>): grpc.ClientUnaryCall;
  
  ListSessions(argument: _countersign_v1_ListSessionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  ListSessions(argument: _countersign_v1_ListSessionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  ListSessions(argument: _countersign_v1_ListSessionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  ListSessions(argument: _countersign_v1_ListSessionsRequest, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  listSessions(argument: _countersign_v1_ListSessionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  listSessions(argument: _countersign_v1_ListSessionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  listSessions(argument: _countersign_v1_ListSessionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  listSessions(argument: _countersign_v1_ListSessionsRequest, callback: grpc.requestCallback<_countersign_v1_ListSessionsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  EndSession: grpc.handleUnaryCall<_countersign_v1_EndSessionRequest__Output, _countersign_v1_EndSessionResponse>;
  
  ListSessions: grpc.handleUnaryCall<_countersign_v1_ListSessionsRequest__Output, _countersign_v1_ListSessionsResponse>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  EndSession: MethodDefinition<_countersign_v1_EndSessionRequest, _countersign_v1_EndSessionResponse, _countersign_v1_EndSessionRequest__Output, _countersign_v1_EndSessionResponse__Output>
  ListSessions: MethodDefinition<_countersign_v1_ListSessionsRequest, _countersign_v1_ListSessionsResponse, _countersign_v1_ListSessionsRequest__Output, _countersign_v1_ListSessionsResponse__Output>
}
