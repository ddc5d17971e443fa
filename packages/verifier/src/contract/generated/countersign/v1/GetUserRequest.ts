// Original file: proto/countersign/v1/user_service.proto


export interface GetUserRequest {
  'userId'?: (string);
  'email'?: (string);
  'name'?: "userId"|"email";
}

export interface GetUserRequest__Output {
  'userId'?: (string);
  'email'?: (string);
  'name'?: "userId"|"email";
}
