// Original file: proto/countersign/v1/role_service.proto


export interface ListRolesRequest {
}

export interface ListRolesRequest__Output {
}
