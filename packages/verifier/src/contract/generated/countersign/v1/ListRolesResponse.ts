// Original file: proto/countersign/v1/role_service.proto

import type { Role as _countersign_v1_Role, Role__Output as _countersign_v1_Role__Output } from '../../countersign/v1/Role.ts';

export interface ListRolesResponse {
  'roles'?: (_countersign_v1_Role)[];
}

export interface ListRolesResponse__Output {
  'roles': (_countersign_v1_Role__Output)[];
}
