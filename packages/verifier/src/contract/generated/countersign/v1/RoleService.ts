// Original file: proto/countersign/v1/role_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GrantRoleRequest as _countersign_v1_GrantRoleRequest, GrantRoleRequest__Output as _countersign_v1_GrantRoleRequest__Output } from '../../countersign/v1/GrantRoleRequest.ts';
import type { GrantRoleResponse as _countersign_v1_GrantRoleResponse, GrantRoleResponse__Output as _countersign_v1_GrantRoleResponse__Output } from '../../countersign/v1/GrantRoleResponse.ts';
import type { ListGrantsRequest as _countersign_v1_ListGrantsRequest, ListGrantsRequest__Output as _countersign_v1_ListGrantsRequest__Output } from '../../countersign/v1/ListGrantsRequest.ts';
import type { ListGrantsResponse as _countersign_v1_ListGrantsResponse, ListGrantsResponse__Output as _countersign_v1_ListGrantsResponse__Output } from '../../countersign/v1/ListGrantsResponse.ts';
import type { ListResourcesRequest as _countersign_v1_ListResourcesRequest, ListResourcesRequest__Output as _countersign_v1_ListResourcesRequest__Output } from '../../countersign/v1/ListResourcesRequest.ts';
import type { ListResourcesResponse as _countersign_v1_ListResourcesResponse, ListResourcesResponse__Output as _countersign_v1_ListResourcesResponse__Output } from '../../countersign/v1/ListResourcesResponse.ts';
import type { ListRolesRequest as _countersign_v1_ListRolesRequest, ListRolesRequest__Output as _countersign_v1_ListRolesRequest__Output } from '../../countersign/v1/ListRolesRequest.ts';
import type { ListRolesResponse as _countersign_v1_ListRolesResponse, ListRolesResponse__Output as _countersign_v1_ListRolesResponse__Output } from '../../countersign/v1/ListRolesResponse.ts';
import type { RemoveResourceRequest as _countersign_v1_RemoveResourceRequest, RemoveResourceRequest__Output as _countersign_v1_RemoveResourceRequest__Output } from '../../countersign/v1/RemoveResourceRequest.ts';
import type { RemoveResourceResponse as _countersign_v1_RemoveResourceResponse, RemoveResourceResponse__Output as _countersign_v1_RemoveResourceResponse__Output } from '../../countersign/v1/RemoveResourceResponse.ts';
import type { RemoveRoleRequest as _countersign_v1_RemoveRoleRequest, RemoveRoleRequest__Output as _countersign_v1_RemoveRoleRequest__Output } from '../../countersign/v1/RemoveRoleRequest.ts';
import type { RemoveRoleResponse as _countersign_v1_RemoveRoleResponse, RemoveRoleResponse__Output as _countersign_v1_RemoveRoleResponse__Output } from '../../countersign/v1/RemoveRoleResponse.ts';
import type { SetResourceRequest as _countersign_v1_SetResourceRequest, SetResourceRequest__Output as _countersign_v1_SetResourceRequest__Output } from '../../countersign/v1/SetResourceRequest.ts';
import type { SetResourceResponse as _countersign_v1_SetResourceResponse, SetResourceResponse__Output as _countersign_v1_SetResourceResponse__Output } from '../../countersign/v1/SetResourceResponse.ts';
import type { SetRoleRequest as _countersign_v1_SetRoleRequest, SetRoleRequest__Output as _countersign_v1_SetRoleRequest__Output } from '../../countersign/v1/SetRoleRequest.ts';
import type { SetRoleResponse as _countersign_v1_SetRoleResponse, SetRoleResponse__Output as _countersign_v1_SetRoleResponse__Output } from '../../countersign/v1/SetRoleResponse.ts';
import type { TakeRoleRequest as _countersign_v1_TakeRoleRequest, TakeRoleRequest__Output as _countersign_v1_TakeRoleRequest__Output } from '../../countersign/v1/TakeRoleRequest.ts';
import type { TakeRoleResponse as _countersign_v1_TakeRoleResponse, TakeRoleResponse__Output as _countersign_v1_TakeRoleResponse__Output } from '../../countersign/v1/TakeRoleResponse.ts';

export interface RoleServiceClient extends grpc.Client {
  GrantRole(argument: _countersign_v1_GrantRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  GrantRole(argument: _countersign_v1_GrantRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  GrantRole(argument: _countersign_v1_GrantRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  GrantRole(argument: _countersign_v1_GrantRoleRequest, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  grantRole(argument: _countersign_v1_GrantRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  grantRole(argument: _countersign_v1_GrantRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  grantRole(argument: _countersign_v1_GrantRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  grantRole(argument: _countersign_v1_GrantRoleRequest, callback: grpc.requestCallback<_countersign_v1_GrantRoleResponse__Output>): grpc.ClientUnaryCall;
  
  ListGrants(argument: _countersign_v1_ListGrantsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  ListGrants(argument: _countersign_v1_ListGrantsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  ListGrants(argument: _countersign_v1_ListGrantsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  ListGrants(argument: _countersign_v1_ListGrantsRequest, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  listGrants(argument: _countersign_v1_ListGrantsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  listGrants(argument: _countersign_v1_ListGrantsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  listGrants(argument: _countersign_v1_ListGrantsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  listGrants(argument: _countersign_v1_ListGrantsRequest, callback: grpc.requestCallback<_countersign_v1_ListGrantsResponse__Output>): grpc.ClientUnaryCall;
  
  ListResources(argument: _countersign_v1_ListResourcesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  ListResources(argument: _countersign_v1_ListResourcesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  ListResources(argument: _countersign_v1_ListResourcesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  ListResources(argument: _countersign_v1_ListResourcesRequest, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  listResources(argument: _countersign_v1_ListResourcesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  listResources(argument: _countersign_v1_ListResourcesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  listResources(argument: _countersign_v1_ListResourcesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  listResources(argument: _countersign_v1_ListResourcesRequest, callback: grpc.requestCallback<_countersign_v1_ListResourcesResponse__Output>): grpc.ClientUnaryCall;
  
  ListRoles(argument: _countersign_v1_ListRolesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  ListRoles(argument: _countersign_v1_ListRolesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  ListRoles(argument: _countersign_v1_ListRolesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  ListRoles(argument: _countersign_v1_ListRolesRequest, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  listRoles(argument: _countersign_v1_ListRolesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  listRoles(argument: _countersign_v1_ListRolesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  listRoles(argument: _countersign_v1_ListRolesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  listRoles(argument: _countersign_v1_ListRolesRequest, callback: grpc.requestCallback<_countersign_v1_ListRolesResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveResource(argument: _countersign_v1_RemoveResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  RemoveResource(argument: _countersign_v1_RemoveResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  RemoveResource(argument: _countersign_v1_RemoveResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  RemoveResource(argument: _countersign_v1_RemoveResourceRequest, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  removeResource(argument: _countersign_v1_RemoveResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  removeResource(argument: _countersign_v1_RemoveResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  removeResource(argument: _countersign_v1_RemoveResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  removeResource(argument: _countersign_v1_RemoveResourceRequest, callback: grpc.requestCallback<_countersign_v1_RemoveResourceResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveRole(argument: _countersign_v1_RemoveRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  RemoveRole(argument: _countersign_v1_RemoveRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  RemoveRole(argument: _countersign_v1_RemoveRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  RemoveRole(argument: _countersign_v1_RemoveRoleRequest, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  removeRole(argument: _countersign_v1_RemoveRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  removeRole(argument: _countersign_v1_RemoveRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  removeRole(argument: _countersign_v1_RemoveRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  removeRole(argument: _countersign_v1_RemoveRoleRequest, callback: grpc.requestCallback<_countersign_v1_RemoveRoleResponse__Output>): grpc.ClientUnaryCall;
  
  SetResource(argument: _countersign_v1_SetResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  SetResource(argument: _countersign_v1_SetResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  SetResource(argument: _countersign_v1_SetResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  SetResource(argument: _countersign_v1_SetResourceRequest, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  setResource(argument: _countersign_v1_SetResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  setResource(argument: _countersign_v1_SetResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  setResource(argument: _countersign_v1_SetResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  setResource(argument: _countersign_v1_SetResourceRequest, callback: grpc.requestCallback<_countersign_v1_SetResourceResponse__Output>): grpc.ClientUnaryCall;
  
  SetRole(argument: _countersign_v1_SetRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  SetRole(argument: _countersign_v1_SetRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  SetRole(argument: _countersign_v1_SetRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  SetRole(argument: _countersign_v1_SetRoleRequest, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  setRole(argument: _countersign_v1_SetRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  setRole(argument: _countersign_v1_SetRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  setRole(argument: _countersign_v1_SetRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  setRole(argument: _countersign_v1_SetRoleRequest, callback: grpc.requestCallback<_countersign_v1_SetRoleResponse__Output>): grpc.ClientUnaryCall;
  
  TakeRole(argument: _countersign_v1_TakeRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  TakeRole(argument: _countersign_v1_TakeRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  TakeRole(argument: _countersign_v1_TakeRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  TakeRole(argument: _countersign_v1_TakeRoleRequest, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  takeRole(argument: _countersign_v1_TakeRoleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  takeRole(argument: _countersign_v1_TakeRoleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  takeRole(argument: _countersign_v1_TakeRoleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  takeRole(argument: _countersign_v1_TakeRoleRequest, callback: grpc.requestCallback<_countersign_v1_TakeRoleResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface RoleServiceHandlers extends grpc.UntypedServiceImplementation {
  GrantRole: grpc.handleUnaryCall<_countersign_v1_GrantRoleRequest__Output, _countersign_v1_GrantRoleResponse>;
  
  ListGrants: grpc.handleUnaryCall<_countersign_v1_ListGrantsRequest__Output, _countersign_v1_ListGrantsResponse>;
  
  ListResources: grpc.handleUnaryCall<_countersign_v1_ListResourcesRequest__Output, _countersign_v1_ListResourcesResponse>;
  
  ListRoles: grpc.handleUnaryCall<_countersign_v1_ListRolesRequest__Output, _countersign_v1_ListRolesResponse>;
  
  RemoveResource: grpc.handleUnaryCall<_countersign_v1_RemoveResourceRequest__Output, _countersign_v1_RemoveResourceResponse>;
  
  RemoveRole: grpc.handleUnaryCall<_countersign_v1_RemoveRoleRequest__Output, _countersign_v1_RemoveRoleResponse>;
  
  SetResource: grpc.handleUnaryCall<_countersign_v1_SetResourceRequest__Output, _countersign_v1_SetResourceResponse>;
  
  SetRole: grpc.handleUnaryCall<_countersign_v1_SetRoleRequest__Output, _countersign_v1_SetRoleResponse>;
  
  TakeRole: grpc.handleUnaryCall<_countersign_v1_TakeRoleRequest__Output, _countersign_v1_TakeRoleResponse>;
  
}

export interface RoleServiceDefinition extends grpc.ServiceDefinition {
  GrantRole: MethodDefinition<_countersign_v1_GrantRoleRequest, _countersign_v1_GrantRoleResponse, _countersign_v1_GrantRoleRequest__Output, _countersign_v1_GrantRoleResponse__Output>
  ListGrants: MethodDefinition<_countersign_v1_ListGrantsRequest, _countersign_v1_ListGrantsResponse, _countersign_v1_ListGrantsRequest__Output, _countersign_v1_ListGrantsResponse__Output>
  ListResources: MethodDefinition<_countersign_v1_ListResourcesRequest, _countersign_v1_ListResourcesResponse, _countersign_v1_ListResourcesRequest__Output, _countersign_v1_ListResourcesResponse__Output>
  ListRoles: MethodDefinition<_countersign_v1_ListRolesRequest, _countersign_v1_ListRolesResponse, _countersign_v1_ListRolesRequest__Output, _countersign_v1_ListRolesResponse__Output>
  RemoveResource: MethodDefinition<_countersign_v1_RemoveResourceRequest, _countersign_v1_RemoveResourceResponse, _countersign_v1_RemoveResourceRequest__Output, _countersign_v1_RemoveResourceResponse__Output>
  RemoveRole: MethodDefinition<_countersign_v1_RemoveRoleRequest, _countersign_v1_RemoveRoleResponse, _countersign_v1_RemoveRoleRequest__Output, _countersign_v1_RemoveRoleResponse__Output>
  SetResource: MethodDefinition<_countersign_v1_SetResourceRequest, _countersign_v1_SetResourceResponse, _countersign_v1_SetResourceRequest__Output, _countersign_v1_SetResourceResponse__Output>
  SetRole: MethodDefinition<_countersign_v1_SetRoleRequest, _countersign_v1_SetRoleResponse, _countersign_v1_SetRoleRequest__Output, _countersign_v1_SetRoleResponse__Output>
  TakeRole: MethodDefinition<_countersign_v1_TakeRoleRequest, _countersign_v1_TakeRoleResponse, _countersign_v1_TakeRoleRequest__Output, _countersign_v1_TakeRoleResponse__Output>
}
