// Original file: proto/countersign/v1/token_service.proto

import type { Reason as _countersign_v1_Reason, Reason__Output as _countersign_v1_Reason__Output } from '../../countersign/v1/Reason.ts';
import type { DecidedBy as _countersign_v1_DecidedBy, DecidedBy__Output as _countersign_v1_DecidedBy__Output } from '../../countersign/v1/DecidedBy.ts';
import type { Failure as _countersign_v1_Failure, Failure__Output as _countersign_v1_Failure__Output } from '../../countersign/v1/Failure.ts';

export interface IsRevokedResponse {
  'revoked'?: (boolean);
  'reason'?: (_countersign_v1_Reason);
  'decidedBy'?: (_countersign_v1_DecidedBy);
  'failure'?: (_countersign_v1_Failure | null);
}

export interface IsRevokedResponse__Output {
  'revoked': (boolean);
  'reason': (_countersign_v1_Reason__Output);
  'decidedBy': (_countersign_v1_DecidedBy__Output);
  'failure': (_countersign_v1_Failure__Output | null);
}
