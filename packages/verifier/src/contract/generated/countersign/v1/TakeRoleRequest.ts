// Original file: proto/countersign/v1/role_service.proto


export interface TakeRoleRequest {
  'role'?: (string);
  'userId'?: (string);
  'dryRun'?: (boolean);
  'clientId'?: (string);
}

export interface TakeRoleRequest__Output {
  'role': (string);
  'userId': (string);
  'dryRun': (boolean);
  'clientId': (string);
}
