// Original file: proto/countersign/v1/role_service.proto

import type { RightsTaken as _countersign_v1_RightsTaken, RightsTaken__Output as _countersign_v1_RightsTaken__Output } from '../../countersign/v1/RightsTaken.ts';

export interface SetResourceResponse {
  'taken'?: (_countersign_v1_RightsTaken | null);
}

export interface SetResourceResponse__Output {
  'taken': (_countersign_v1_RightsTaken__Output | null);
}
