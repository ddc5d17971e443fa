// Original file: proto/countersign/v1/role_service.proto

import type { Long } from '@grpc/proto-loader';

export interface GrantRoleRequest {
  'role'?: (string);
  'userId'?: (string);
  'expireTimeMs'?: (number | string | Long);
  'clientId'?: (string);
}

export interface GrantRoleRequest__Output {
  'role': (string);
  'userId': (string);
  'expireTimeMs': (number);
  'clientId': (string);
}
