// Original file: proto/countersign/v1/key_service.proto

import type { KeyState as _countersign_v1_KeyState, KeyState__Output as _countersign_v1_KeyState__Output } from '../../countersign/v1/KeyState.ts';
import type { Long } from '@grpc/proto-loader';

export interface Key {
  'kid'?: (string);
  'state'?: (_countersign_v1_KeyState);
  'createTimeMs'?: (number | string | Long);
  'activateTimeMs'?: (number | string | Long);
  'retiringTimeMs'?: (number | string | Long);
  'retireTimeMs'?: (number | string | Long);
  'revokeTimeMs'?: (number | string | Long);
}

export interface Key__Output {
  'kid': (string);
  'state': (_countersign_v1_KeyState__Output);
  'createTimeMs': (number);
  'activateTimeMs': (number);
  'retiringTimeMs': (number);
  'retireTimeMs': (number);
  'revokeTimeMs': (number);
}
