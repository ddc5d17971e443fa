// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface User {
  'userId'?: (string);
  'email'?: (string);
  'disabled'?: (boolean);
  'emailVerified'?: (boolean);
  'createTimeMs'?: (number | string | Long);
}

export interface User__Output {
  'userId': (string);
  'email': (string);
  'disabled': (boolean);
  'emailVerified': (boolean);
  'createTimeMs': (number);
}
