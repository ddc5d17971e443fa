// Original file: proto/countersign/v1/role_service.proto

import type { RoleScopes as _countersign_v1_RoleScopes, RoleScopes__Output as _countersign_v1_RoleScopes__Output } from '../../countersign/v1/RoleScopes.ts';

export interface Role {
  'name'?: (string);
  'audiences'?: (_countersign_v1_RoleScopes)[];
}

export interface Role__Output {
  'name': (string);
  'audiences': (_countersign_v1_RoleScopes__Output)[];
}
