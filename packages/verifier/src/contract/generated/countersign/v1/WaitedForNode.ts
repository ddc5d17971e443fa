// Original file: proto/countersign/v1/revocation_service.proto

import type { NodeOutcome as _countersign_v1_NodeOutcome, NodeOutcome__Output as _countersign_v1_NodeOutcome__Output } from '../../countersign/v1/NodeOutcome.ts';

export interface WaitedForNode {
  'nodeId'?: (string);
  'outcome'?: (_countersign_v1_NodeOutcome);
}

export interface WaitedForNode__Output {
  'nodeId': (string);
  'outcome': (_countersign_v1_NodeOutcome__Output);
}
