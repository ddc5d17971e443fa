// Original file: proto/countersign/v1/user_service.proto


export interface ResetFactorsRequest {
  'userId'?: (string);
  'requestId'?: (string);
  'nowReason'?: (string);
}

export interface ResetFactorsRequest__Output {
  'userId': (string);
  'requestId': (string);
  'nowReason': (string);
}
