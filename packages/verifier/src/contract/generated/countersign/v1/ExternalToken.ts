// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ExternalToken {
  'externalId'?: (string);
  'exp'?: (number | string | Long);
}

export interface ExternalToken__Output {
  'externalId': (string);
  'exp': (number);
}
