// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface AcknowledgeRevocations {
  'position'?: (number | string | Long);
}

export interface AcknowledgeRevocations__Output {
  'position': (number);
}
