// Original file: proto/countersign/v1/role_service.proto

import type { Long } from '@grpc/proto-loader';

export interface RightsTaken {
  'sessions'?: (number | string | Long);
  'effectTimeMs'?: (number | string | Long);
}

export interface RightsTaken__Output {
  'sessions': (number);
  'effectTimeMs': (number);
}
