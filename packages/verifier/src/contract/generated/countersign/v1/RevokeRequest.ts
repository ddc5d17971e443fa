// Original file: proto/countersign/v1/revocation_service.proto

import type { ExternalToken as _countersign_v1_ExternalToken, ExternalToken__Output as _countersign_v1_ExternalToken__Output } from '../../countersign/v1/ExternalToken.ts';
import type { SessionFilter as _countersign_v1_SessionFilter, SessionFilter__Output as _countersign_v1_SessionFilter__Output } from '../../countersign/v1/SessionFilter.ts';

export interface RevokeRequest {
  'token'?: (string);
  'jti'?: (string);
  'sessionId'?: (string);
  'userId'?: (string);
  'external'?: (_countersign_v1_ExternalToken | null);
  'clientId'?: (string);
  'kid'?: (string);
  'filter'?: (_countersign_v1_SessionFilter | null);
  'requestId'?: (string);
  'dryRun'?: (boolean);
  'target'?: "token"|"jti"|"sessionId"|"userId"|"external"|"clientId"|"kid"|"filter";
}

export interface RevokeRequest__Output {
  'token'?: (string);
  'jti'?: (string);
  'sessionId'?: (string);
  'userId'?: (string);
  'external'?: (_countersign_v1_ExternalToken__Output | null);
  'clientId'?: (string);
  'kid'?: (string);
  'filter'?: (_countersign_v1_SessionFilter__Output | null);
  'requestId': (string);
  'dryRun': (boolean);
  'target'?: "token"|"jti"|"sessionId"|"userId"|"external"|"clientId"|"kid"|"filter";
}
