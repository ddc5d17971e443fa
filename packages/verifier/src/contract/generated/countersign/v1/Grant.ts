// Original file: proto/countersign/v1/role_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Grant {
  'role'?: (string);
  'subject'?: (string);
  'grantTimeMs'?: (number | string | Long);
  'grantedBy'?: (string);
  'expireTimeMs'?: (number | string | Long);
}

export interface Grant__Output {
  'role': (string);
  'subject': (string);
  'grantTimeMs': (number);
  'grantedBy': (string);
  'expireTimeMs': (number);
}
