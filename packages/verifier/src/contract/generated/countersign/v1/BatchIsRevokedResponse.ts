// Original file: proto/countersign/v1/token_service.proto

import type { IsRevokedResponse as _countersign_v1_IsRevokedResponse, IsRevokedResponse__Output as _countersign_v1_IsRevokedResponse__Output } from '../../countersign/v1/IsRevokedResponse.ts';

export interface BatchIsRevokedResponse {
  'results'?: (_countersign_v1_IsRevokedResponse)[];
}

export interface BatchIsRevokedResponse__Output {
  'results': (_countersign_v1_IsRevokedResponse__Output)[];
}
