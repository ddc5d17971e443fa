// Original file: proto/countersign/v1/user_service.proto


export interface VerifyEmailResponse {
}

export interface VerifyEmailResponse__Output {
}
