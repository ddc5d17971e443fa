// Original file: proto/countersign/v1/role_service.proto


export interface TakeRoleRequest {
  'role'?: (string);
  'userId'?: (string);
  'dryRun'?: (boolean);
}

export interface TakeRoleRequest__Output {
  'role': (string);
  'userId': (string);
  'dryRun': (boolean);
}
