// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SnapshotEnd {
  'position'?: (number | string | Long);
}

export interface SnapshotEnd__Output {
  'position': (number);
}
