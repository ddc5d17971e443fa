// Original file: proto/countersign/v1/role_service.proto


export interface SetRoleRequest {
  'name'?: (string);
  'audience'?: (string);
  'scopes'?: (string)[];
  'dryRun'?: (boolean);
}

export interface SetRoleRequest__Output {
  'name': (string);
  'audience': (string);
  'scopes': (string)[];
  'dryRun': (boolean);
}
