// Original file: proto/countersign/v1/key_service.proto

import type { Long } from '@grpc/proto-loader';

export interface RevokeKeyResponse {
  'endedSessions'?: (number | string | Long);
  'effectTimeMs'?: (number | string | Long);
}

export interface RevokeKeyResponse__Output {
  'endedSessions': (number);
  'effectTimeMs': (number);
}
