// Original file: proto/countersign/v1/token_service.proto


export interface BatchIsRevokedRequest {
  'jtis'?: (string)[];
}

export interface BatchIsRevokedRequest__Output {
  'jtis': (string)[];
}
