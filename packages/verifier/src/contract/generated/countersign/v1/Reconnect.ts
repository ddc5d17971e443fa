// Original file: proto/countersign/v1/revocation_service.proto

import type { ReconnectReason as _countersign_v1_ReconnectReason, ReconnectReason__Output as _countersign_v1_ReconnectReason__Output } from '../../countersign/v1/ReconnectReason.ts';
import type { Long } from '@grpc/proto-loader';

export interface Reconnect {
  'reason'?: (_countersign_v1_ReconnectReason);
  'graceMs'?: (number | string | Long);
}

export interface Reconnect__Output {
  'reason': (_countersign_v1_ReconnectReason__Output);
  'graceMs': (number);
}
