// Original file: proto/countersign/v1/role_service.proto


export interface ListResourcesRequest {
}

export interface ListResourcesRequest__Output {
}
