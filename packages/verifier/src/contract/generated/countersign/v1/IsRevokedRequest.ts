// Original file: proto/countersign/v1/token_service.proto


export interface IsRevokedRequest {
  'jti'?: (string);
  'externalId'?: (string);
  'kid'?: (string);
  'subject'?: (Buffer | Uint8Array | string);
}

export interface IsRevokedRequest__Output {
  'jti': (string);
  'externalId': (string);
  'kid': (string);
  'subject': (Buffer);
}
