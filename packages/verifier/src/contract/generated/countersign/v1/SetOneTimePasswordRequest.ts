// Original file: proto/countersign/v1/user_service.proto


export interface SetOneTimePasswordRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface SetOneTimePasswordRequest__Output {
  'userId': (string);
  'requestId': (string);
}
