// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface DeleteUserResponse {
  'endedSessions'?: (number | string | Long);
}

export interface DeleteUserResponse__Output {
  'endedSessions': (number);
}
