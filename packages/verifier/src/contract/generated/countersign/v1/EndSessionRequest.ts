// Original file: proto/countersign/v1/session_service.proto


export interface EndSessionRequest {
  'sessionId'?: (string);
  'requestId'?: (string);
}

export interface EndSessionRequest__Output {
  'sessionId': (string);
  'requestId': (string);
}
