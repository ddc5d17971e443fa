// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface GrantLease {
  'number'?: (number | string | Long);
  'leaseMs'?: (number | string | Long);
}

export interface GrantLease__Output {
  'number': (number);
  'leaseMs': (number);
}
