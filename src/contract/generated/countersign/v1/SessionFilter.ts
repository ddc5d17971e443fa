// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SessionFilter {
  'userId'?: (string);
  'clientId'?: (string);
  'createdBeforeMs'?: (number | string | Long);
  'createdFromMs'?: (number | string | Long);
  'ip'?: (string);
}

export interface SessionFilter__Output {
  'userId': (string);
  'clientId': (string);
  'createdBeforeMs': (number);
  'createdFromMs': (number);
  'ip': (string);
}
