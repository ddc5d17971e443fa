// Original file: proto/countersign/v1/user_service.proto


export interface EnableUserRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface EnableUserRequest__Output {
  'userId': (string);
  'requestId': (string);
}
