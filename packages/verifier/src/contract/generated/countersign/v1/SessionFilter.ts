// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SessionFilter {
  'userId'?: (string);
  'clientId'?: (string);
  'createdBeforeMs'?: (number | string | Long);
  'createdFromMs'?: (number | string | Long);
  'ip'?: (string);
  '_userId'?: "userId";
  '_clientId'?: "clientId";
  '_createdBeforeMs'?: "createdBeforeMs";
  '_createdFromMs'?: "createdFromMs";
  '_ip'?: "ip";
}

export interface SessionFilter__Output {
  'userId'?: (string);
  'clientId'?: (string);
  'createdBeforeMs'?: (number);
  'createdFromMs'?: (number);
  'ip'?: (string);
  '_userId'?: "userId";
  '_clientId'?: "clientId";
  '_createdBeforeMs'?: "createdBeforeMs";
  '_createdFromMs'?: "createdFromMs";
  '_ip'?: "ip";
}
