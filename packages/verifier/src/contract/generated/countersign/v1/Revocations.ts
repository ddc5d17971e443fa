// Original file: proto/countersign/v1/revocation_service.proto

import type { RevocationEntry as _countersign_v1_RevocationEntry, RevocationEntry__Output as _countersign_v1_RevocationEntry__Output } from '../../countersign/v1/RevocationEntry.ts';
import type { Long } from '@grpc/proto-loader';

export interface Revocations {
  'position'?: (number | string | Long);
  'entries'?: (_countersign_v1_RevocationEntry)[];
}

export interface Revocations__Output {
  'position': (number);
  'entries': (_countersign_v1_RevocationEntry__Output)[];
}
