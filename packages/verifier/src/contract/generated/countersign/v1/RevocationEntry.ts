// Original file: proto/countersign/v1/revocation_service.proto

import type { Reason as _countersign_v1_Reason, Reason__Output as _countersign_v1_Reason__Output } from '../../countersign/v1/Reason.ts';
import type { Long } from '@grpc/proto-loader';

export interface RevocationEntry {
  'subject'?: (Buffer | Uint8Array | string);
  'expireTimeMs'?: (number | string | Long);
  'reason'?: (_countersign_v1_Reason);
  'unconfirmed'?: (boolean);
}

export interface RevocationEntry__Output {
  'subject': (Buffer);
  'expireTimeMs': (number);
  'reason': (_countersign_v1_Reason__Output);
  'unconfirmed': (boolean);
}
