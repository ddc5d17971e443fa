// Original file: proto/countersign/v1/revocation_service.proto

import type { WaitedForNode as _countersign_v1_WaitedForNode, WaitedForNode__Output as _countersign_v1_WaitedForNode__Output } from '../../countersign/v1/WaitedForNode.ts';
import type { Long } from '@grpc/proto-loader';

export interface RevokeResponse {
  'endedSessions'?: (number);
  'effectTimeMs'?: (number | string | Long);
  'effectDurationUs'?: (number | string | Long);
  'acknowledgedNodes'?: (number);
  'waitedFor'?: (_countersign_v1_WaitedForNode)[];
  'matchedSessions'?: (number);
}

export interface RevokeResponse__Output {
  'endedSessions': (number);
  'effectTimeMs': (number);
  'effectDurationUs': (number);
  'acknowledgedNodes': (number);
  'waitedFor': (_countersign_v1_WaitedForNode__Output)[];
  'matchedSessions': (number);
}
