// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ResetFactorsResponse {
  'endedSessions'?: (number | string | Long);
  'dueTimeMs'?: (number | string | Long);
}

export interface ResetFactorsResponse__Output {
  'endedSessions': (number);
  'dueTimeMs': (number);
}
