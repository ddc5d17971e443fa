// Original file: proto/countersign/v1/user_service.proto


export interface SendRecoveryRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface SendRecoveryRequest__Output {
  'userId': (string);
  'requestId': (string);
}
