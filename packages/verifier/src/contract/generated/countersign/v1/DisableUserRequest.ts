// Original file: proto/countersign/v1/user_service.proto


export interface DisableUserRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface DisableUserRequest__Output {
  'userId': (string);
  'requestId': (string);
}
