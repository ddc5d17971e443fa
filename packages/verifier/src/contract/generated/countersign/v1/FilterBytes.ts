// Original file: proto/countersign/v1/revocation_service.proto


export interface FilterBytes {
  'bytes'?: (Buffer | Uint8Array | string);
}

export interface FilterBytes__Output {
  'bytes': (Buffer);
}
