// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface FilterStart {
  'ofSessions'?: (boolean);
  'sliceEndMs'?: (number | string | Long);
  'capacity'?: (number | string | Long);
  'entries'?: (number | string | Long);
}

export interface FilterStart__Output {
  'ofSessions': (boolean);
  'sliceEndMs': (number);
  'capacity': (number);
  'entries': (number);
}
