// Original file: proto/countersign/v1/user_service.proto


export interface ListUserEventsRequest {
  'userId'?: (string);
  'type'?: (string);
  'pageSize'?: (number);
  'pageToken'?: (string);
}

export interface ListUserEventsRequest__Output {
  'userId': (string);
  'type': (string);
  'pageSize': (number);
  'pageToken': (string);
}
