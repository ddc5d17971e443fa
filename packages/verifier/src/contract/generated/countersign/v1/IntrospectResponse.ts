// Original file: proto/countersign/v1/token_service.proto

import type { Failure as _countersign_v1_Failure, Failure__Output as _countersign_v1_Failure__Output } from '../../countersign/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface IntrospectResponse {
  'active'?: (boolean);
  'iss'?: (string);
  'sub'?: (string);
  'aud'?: (string);
  'exp'?: (number | string | Long);
  'iat'?: (number | string | Long);
  'jti'?: (string);
  'sid'?: (string);
  'ver'?: (number);
  'clientId'?: (string);
  'scope'?: (string);
  'authTime'?: (number | string | Long);
  'amr'?: (string)[];
  'tokenType'?: (string);
  'failure'?: (_countersign_v1_Failure | null);
  'acr'?: (string);
  'roles'?: (string)[];
}

export interface IntrospectResponse__Output {
  'active': (boolean);
  'iss': (string);
  'sub': (string);
  'aud': (string);
  'exp': (number);
  'iat': (number);
  'jti': (string);
  'sid': (string);
  'ver': (number);
  'clientId': (string);
  'scope': (string);
  'authTime': (number);
  'amr': (string)[];
  'tokenType': (string);
  'failure': (_countersign_v1_Failure__Output | null);
  'acr': (string);
  'roles': (string)[];
}
