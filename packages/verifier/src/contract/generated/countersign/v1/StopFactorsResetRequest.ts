// Original file: proto/countersign/v1/user_service.proto


export interface StopFactorsResetRequest {
  'userId'?: (string);
  'requestId'?: (string);
}

export interface StopFactorsResetRequest__Output {
  'userId': (string);
  'requestId': (string);
}
