// Original file: proto/countersign/v1/role_service.proto


export interface ListGrantsRequest {
  'userId'?: (string);
  'role'?: (string);
  'pageToken'?: (string);
  'clientId'?: (string);
}

export interface ListGrantsRequest__Output {
  'userId': (string);
  'role': (string);
  'pageToken': (string);
  'clientId': (string);
}
