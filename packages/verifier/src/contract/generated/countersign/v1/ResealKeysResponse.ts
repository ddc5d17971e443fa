// Original file: proto/countersign/v1/key_service.proto

import type { Long } from '@grpc/proto-loader';

export interface ResealKeysResponse {
  'signingKeys'?: (number);
  'sessions'?: (number | string | Long);
  'unreadableSessions'?: (number | string | Long);
}

export interface ResealKeysResponse__Output {
  'signingKeys': (number);
  'sessions': (number);
  'unreadableSessions': (number);
}
