// Original file: proto/countersign/v1/role_service.proto

import type { Grant as _countersign_v1_Grant, Grant__Output as _countersign_v1_Grant__Output } from '../../countersign/v1/Grant.ts';

export interface ListGrantsResponse {
  'grants'?: (_countersign_v1_Grant)[];
  'nextPageToken'?: (string);
}

export interface ListGrantsResponse__Output {
  'grants': (_countersign_v1_Grant__Output)[];
  'nextPageToken': (string);
}
