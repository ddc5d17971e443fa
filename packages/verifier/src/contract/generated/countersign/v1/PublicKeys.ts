// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface PublicKeys {
  'jwks'?: (string);
  'ageMs'?: (number | string | Long);
}

export interface PublicKeys__Output {
  'jwks': (string);
  'ageMs': (number);
}
