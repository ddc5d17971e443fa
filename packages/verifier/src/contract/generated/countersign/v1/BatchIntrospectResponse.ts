// Original file: proto/countersign/v1/token_service.proto

import type { IntrospectResponse as _countersign_v1_IntrospectResponse, IntrospectResponse__Output as _countersign_v1_IntrospectResponse__Output } from '../../countersign/v1/IntrospectResponse.ts';

export interface BatchIntrospectResponse {
  'results'?: (_countersign_v1_IntrospectResponse)[];
}

export interface BatchIntrospectResponse__Output {
  'results': (_countersign_v1_IntrospectResponse__Output)[];
}
