// Original file: proto/countersign/v1/key_service.proto


export interface RotateKeyResponse {
  'kid'?: (string);
  'rotated'?: (boolean);
}

export interface RotateKeyResponse__Output {
  'kid': (string);
  'rotated': (boolean);
}
