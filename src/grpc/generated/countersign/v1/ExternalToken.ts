// Original file: proto/countersign/v1/revocation_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface ExternalToken {
  'externalId'?: (string);
  'expiresAt'?: (_google_protobuf_Timestamp | null);
}

export interface ExternalToken__Output {
  'externalId': (string);
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
}
