// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DisableUserResponse {
  'endedSessions'?: (number | string | Long);
}

export interface DisableUserResponse__Output {
  'endedSessions': (number);
}
