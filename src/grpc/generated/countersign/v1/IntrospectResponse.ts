// Original file: proto/countersign/v1/token_service.proto

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
}
