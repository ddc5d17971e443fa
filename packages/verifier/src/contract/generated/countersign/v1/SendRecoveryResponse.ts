// Original file: proto/countersign/v1/user_service.proto


export interface SendRecoveryResponse {
}

export interface SendRecoveryResponse__Output {
}
