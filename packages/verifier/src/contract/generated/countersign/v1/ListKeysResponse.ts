// Original file: proto/countersign/v1/key_service.proto

import type { Key as _countersign_v1_Key, Key__Output as _countersign_v1_Key__Output } from '../../countersign/v1/Key.ts';

export interface ListKeysResponse {
  'keys'?: (_countersign_v1_Key)[];
}

export interface ListKeysResponse__Output {
  'keys': (_countersign_v1_Key__Output)[];
}
