// Original file: proto/countersign/v1/token_service.proto


export interface BatchIntrospectRequest {
  'tokens'?: (string)[];
}

export interface BatchIntrospectRequest__Output {
  'tokens': (string)[];
}
