// Original file: proto/countersign/v1/user_service.proto


export interface DeleteUserRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface DeleteUserRequest__Output {
  'userId': (string);
  'requestId': (string);
}
