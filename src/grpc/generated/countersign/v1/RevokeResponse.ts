// Original file: proto/countersign/v1/revocation_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { WaitedForNode as _countersign_v1_WaitedForNode, WaitedForNode__Output as _countersign_v1_WaitedForNode__Output } from '../../countersign/v1/WaitedForNode.ts';
import type { Long } from '@grpc/proto-loader';

export interface RevokeResponse {
  'endedSessions'?: (number);
  'effectTime'?: (_google_protobuf_Timestamp | null);
  'effectMicroseconds'?: (number | string | Long);
  'acknowledgedNodes'?: (number);
  'waitedFor'?: (_countersign_v1_WaitedForNode)[];
}

export interface RevokeResponse__Output {
  'endedSessions': (number);
  'effectTime': (_google_protobuf_Timestamp__Output | null);
  'effectMicroseconds': (number);
  'acknowledgedNodes': (number);
  'waitedFor': (_countersign_v1_WaitedForNode__Output)[];
}
