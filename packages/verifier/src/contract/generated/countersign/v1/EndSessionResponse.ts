// Original file: proto/countersign/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface EndSessionResponse {
  'ended'?: (boolean);
  'effectTimeMs'?: (number | string | Long);
}

export interface EndSessionResponse__Output {
  'ended': (boolean);
  'effectTimeMs': (number);
}
