// Original file: proto/countersign/v1/key_service.proto


export interface RotateKeyRequest {
}

export interface RotateKeyRequest__Output {
}
