// Original file: proto/countersign/v1/role_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Resource {
  'audience'?: (string);
  'scopes'?: (string)[];
  'everyone'?: (string)[];
  'accessTtlMs'?: (number | string | Long);
}

export interface Resource__Output {
  'audience': (string);
  'scopes': (string)[];
  'everyone': (string)[];
  'accessTtlMs': (number);
}
