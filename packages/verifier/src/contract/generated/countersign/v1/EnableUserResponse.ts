// Original file: proto/countersign/v1/user_service.proto


export interface EnableUserResponse {
}

export interface EnableUserResponse__Output {
}
