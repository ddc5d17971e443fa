// Original file: proto/countersign/v1/token_service.proto

import type { FailureStatus as _countersign_v1_FailureStatus, FailureStatus__Output as _countersign_v1_FailureStatus__Output } from '../../countersign/v1/FailureStatus.ts';

export interface Failure {
  'status'?: (_countersign_v1_FailureStatus);
  'reason'?: (string);
  'message'?: (string);
}

export interface Failure__Output {
  'status': (_countersign_v1_FailureStatus__Output);
  'reason': (string);
  'message': (string);
}
