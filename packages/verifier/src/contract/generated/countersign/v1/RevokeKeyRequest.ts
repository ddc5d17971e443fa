// Original file: proto/countersign/v1/key_service.proto


export interface RevokeKeyRequest {
  'kid'?: (string);
}

export interface RevokeKeyRequest__Output {
  'kid': (string);
}
