// Original file: proto/countersign/v1/token_service.proto


export interface IntrospectRequest {
  'token'?: (string);
}

export interface IntrospectRequest__Output {
  'token': (string);
}
