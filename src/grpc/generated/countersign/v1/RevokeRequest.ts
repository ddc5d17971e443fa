// Original file: proto/countersign/v1/revocation_service.proto

import type { ExternalToken as _countersign_v1_ExternalToken, ExternalToken__Output as _countersign_v1_ExternalToken__Output } from '../../countersign/v1/ExternalToken.ts';

export interface RevokeRequest {
  'token'?: (string);
  'jti'?: (string);
  'sessionId'?: (string);
  'userId'?: (string);
  'external'?: (_countersign_v1_ExternalToken | null);
  'target'?: "token"|"jti"|"sessionId"|"userId"|"external";
}

export interface RevokeRequest__Output {
  'token'?: (string);
  'jti'?: (string);
  'sessionId'?: (string);
  'userId'?: (string);
  'external'?: (_countersign_v1_ExternalToken__Output | null);
}
