// Original file: proto/countersign/v1/key_service.proto


export interface ListKeysRequest {
}

export interface ListKeysRequest__Output {
}
