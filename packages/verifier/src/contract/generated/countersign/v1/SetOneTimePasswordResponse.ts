// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SetOneTimePasswordResponse {
  'password'?: (string);
  'expireTimeMs'?: (number | string | Long);
  'endedSessions'?: (number | string | Long);
}

export interface SetOneTimePasswordResponse__Output {
  'password': (string);
  'expireTimeMs': (number);
  'endedSessions': (number);
}
