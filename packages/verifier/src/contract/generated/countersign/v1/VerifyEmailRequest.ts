// Original file: proto/countersign/v1/user_service.proto


export interface VerifyEmailRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface VerifyEmailRequest__Output {
  'userId': (string);
  'requestId': (string);
}
