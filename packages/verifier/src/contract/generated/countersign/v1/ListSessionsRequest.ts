// Original file: proto/countersign/v1/session_service.proto


export interface ListSessionsRequest {
  'userId'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListSessionsRequest__Output {
  'userId': (string);
  'pageSize': (number);
  'pageToken': (string);
}
