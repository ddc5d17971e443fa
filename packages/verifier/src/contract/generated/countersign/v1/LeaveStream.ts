// Original file: proto/countersign/v1/revocation_service.proto


export interface LeaveStream {
}

export interface LeaveStream__Output {
}
