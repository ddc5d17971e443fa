// Original file: proto/countersign/v1/token_service.proto

import type { IsRevokedRequest as _countersign_v1_IsRevokedRequest, IsRevokedRequest__Output as _countersign_v1_IsRevokedRequest__Output } from '../../countersign/v1/IsRevokedRequest.ts';

export interface BatchIsRevokedRequest {
  'jtis'?: (string)[];
  'checks'?: (_countersign_v1_IsRevokedRequest)[];
}

export interface BatchIsRevokedRequest__Output {
  'jtis': (string)[];
  'checks': (_countersign_v1_IsRevokedRequest__Output)[];
}
