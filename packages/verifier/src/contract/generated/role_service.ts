import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Grant as _countersign_v1_Grant, Grant__Output as _countersign_v1_Grant__Output } from './countersign/v1/Grant.ts';
import type { GrantRoleRequest as _countersign_v1_GrantRoleRequest, GrantRoleRequest__Output as _countersign_v1_GrantRoleRequest__Output } from './countersign/v1/GrantRoleRequest.ts';
import type { GrantRoleResponse as _countersign_v1_GrantRoleResponse, GrantRoleResponse__Output as _countersign_v1_GrantRoleResponse__Output } from './countersign/v1/GrantRoleResponse.ts';
import type { ListGrantsRequest as _countersign_v1_ListGrantsRequest, ListGrantsRequest__Output as _countersign_v1_ListGrantsRequest__Output } from './countersign/v1/ListGrantsRequest.ts';
import type { ListGrantsResponse as _countersign_v1_ListGrantsResponse, ListGrantsResponse__Output as _countersign_v1_ListGrantsResponse__Output } from './countersign/v1/ListGrantsResponse.ts';
import type { ListResourcesRequest as _countersign_v1_ListResourcesRequest, ListResourcesRequest__Output as _countersign_v1_ListResourcesRequest__Output } from './countersign/v1/ListResourcesRequest.ts';
import type { ListResourcesResponse as _countersign_v1_ListResourcesResponse, ListResourcesResponse__Output as _countersign_v1_ListResourcesResponse__Output } from './countersign/v1/ListResourcesResponse.ts';
import type { ListRolesRequest as _countersign_v1_ListRolesRequest, ListRolesRequest__Output as _countersign_v1_ListRolesRequest__Output } from './countersign/v1/ListRolesRequest.ts';
import type { ListRolesResponse as _countersign_v1_ListRolesResponse, ListRolesResponse__Output as _countersign_v1_ListRolesResponse__Output } from './countersign/v1/ListRolesResponse.ts';
import type { RemoveResourceRequest as _countersign_v1_RemoveResourceRequest, RemoveResourceRequest__Output as _countersign_v1_RemoveResourceRequest__Output } from './countersign/v1/RemoveResourceRequest.ts';
import type { RemoveResourceResponse as _countersign_v1_RemoveResourceResponse, RemoveResourceResponse__Output as _countersign_v1_RemoveResourceResponse__Output } from './countersign/v1/RemoveResourceResponse.ts';
import type { RemoveRoleRequest as _countersign_v1_RemoveRoleRequest, RemoveRoleRequest__Output as _countersign_v1_RemoveRoleRequest__Output } from './countersign/v1/RemoveRoleRequest.ts';
import type { RemoveRoleResponse as _countersign_v1_RemoveRoleResponse, RemoveRoleResponse__Output as _countersign_v1_RemoveRoleResponse__Output } from './countersign/v1/RemoveRoleResponse.ts';
import type { Resource as _countersign_v1_Resource, Resource__Output as _countersign_v1_Resource__Output } from './countersign/v1/Resource.ts';
import type { RightsTaken as _countersign_v1_RightsTaken, RightsTaken__Output as _countersign_v1_RightsTaken__Output } from './countersign/v1/RightsTaken.ts';
import type { Role as _countersign_v1_Role, Role__Output as _countersign_v1_Role__Output } from './countersign/v1/Role.ts';
import type { RoleScopes as _countersign_v1_RoleScopes, RoleScopes__Output as _countersign_v1_RoleScopes__Output } from './countersign/v1/RoleScopes.ts';
import type { RoleServiceClient as _countersign_v1_RoleServiceClient, RoleServiceDefinition as _countersign_v1_RoleServiceDefinition } from './countersign/v1/RoleService.ts';
import type { SetResourceRequest as _countersign_v1_SetResourceRequest, SetResourceRequest__Output as _countersign_v1_SetResourceRequest__Output } from './countersign/v1/SetResourceRequest.ts';
import type { SetResourceResponse as _countersign_v1_SetResourceResponse, SetResourceResponse__Output as _countersign_v1_SetResourceResponse__Output } from './countersign/v1/SetResourceResponse.ts';
import type { SetRoleRequest as _countersign_v1_SetRoleRequest, SetRoleRequest__Output as _countersign_v1_SetRoleRequest__Output } from './countersign/v1/SetRoleRequest.ts';
import type { SetRoleResponse as _countersign_v1_SetRoleResponse, SetRoleResponse__Output as _countersign_v1_SetRoleResponse__Output } from './countersign/v1/SetRoleResponse.ts';
import type { TakeRoleRequest as _countersign_v1_TakeRoleRequest, TakeRoleRequest__Output as _countersign_v1_TakeRoleRequest__Output } from './countersign/v1/TakeRoleRequest.ts';
import type { TakeRoleResponse as _countersign_v1_TakeRoleResponse, TakeRoleResponse__Output as _countersign_v1_TakeRoleResponse__Output } from './countersign/v1/TakeRoleResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      Grant: MessageTypeDefinition<_countersign_v1_Grant, _countersign_v1_Grant__Output>
      GrantRoleRequest: MessageTypeDefinition<_countersign_v1_GrantRoleRequest, _countersign_v1_GrantRoleRequest__Output>
      GrantRoleResponse: MessageTypeDefinition<_countersign_v1_GrantRoleResponse, _countersign_v1_GrantRoleResponse__Output>
      ListGrantsRequest: MessageTypeDefinition<_countersign_v1_ListGrantsRequest, _countersign_v1_ListGrantsRequest__Output>
      ListGrantsResponse: MessageTypeDefinition<_countersign_v1_ListGrantsResponse, _countersign_v1_ListGrantsResponse__Output>
      ListResourcesRequest: MessageTypeDefinition<_countersign_v1_ListResourcesRequest, _countersign_v1_ListResourcesRequest__Output>
      ListResourcesResponse: MessageTypeDefinition<_countersign_v1_ListResourcesResponse, _countersign_v1_ListResourcesResponse__Output>
      ListRolesRequest: MessageTypeDefinition<_countersign_v1_ListRolesRequest, _countersign_v1_ListRolesRequest__Output>
      ListRolesResponse: MessageTypeDefinition<_countersign_v1_ListRolesResponse, _countersign_v1_ListRolesResponse__Output>
      RemoveResourceRequest: MessageTypeDefinition<_countersign_v1_RemoveResourceRequest, _countersign_v1_RemoveResourceRequest__Output>
      RemoveResourceResponse: MessageTypeDefinition<_countersign_v1_RemoveResourceResponse, _countersign_v1_RemoveResourceResponse__Output>
      RemoveRoleRequest: MessageTypeDefinition<_countersign_v1_RemoveRoleRequest, _countersign_v1_RemoveRoleRequest__Output>
      RemoveRoleResponse: MessageTypeDefinition<_countersign_v1_RemoveRoleResponse, _countersign_v1_RemoveRoleResponse__Output>
      Resource: MessageTypeDefinition<_countersign_v1_Resource, _countersign_v1_Resource__Output>
      RightsTaken: MessageTypeDefinition<_countersign_v1_RightsTaken, _countersign_v1_RightsTaken__Output>
      Role: MessageTypeDefinition<_countersign_v1_Role, _countersign_v1_Role__Output>
      RoleScopes: MessageTypeDefinition<_countersign_v1_RoleScopes, _countersign_v1_RoleScopes__Output>
      RoleService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_RoleServiceClient> & { service: _countersign_v1_RoleServiceDefinition }
      SetResourceRequest: MessageTypeDefinition<_countersign_v1_SetResourceRequest, _countersign_v1_SetResourceRequest__Output>
      SetResourceResponse: MessageTypeDefinition<_countersign_v1_SetResourceResponse, _countersign_v1_SetResourceResponse__Output>
      SetRoleRequest: MessageTypeDefinition<_countersign_v1_SetRoleRequest, _countersign_v1_SetRoleRequest__Output>
      SetRoleResponse: MessageTypeDefinition<_countersign_v1_SetRoleResponse, _countersign_v1_SetRoleResponse__Output>
      TakeRoleRequest: MessageTypeDefinition<_countersign_v1_TakeRoleRequest, _countersign_v1_TakeRoleRequest__Output>
      TakeRoleResponse: MessageTypeDefinition<_countersign_v1_TakeRoleResponse, _countersign_v1_TakeRoleResponse__Output>
    }
  }
}

