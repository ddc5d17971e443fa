// Original file: proto/countersign/v1/key_service.proto


export interface ResealKeysRequest {
}

export interface ResealKeysRequest__Output {
}
