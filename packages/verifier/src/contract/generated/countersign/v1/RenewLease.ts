// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface RenewLease {
  'number'?: (number | string | Long);
}

export interface RenewLease__Output {
  'number': (number);
}
