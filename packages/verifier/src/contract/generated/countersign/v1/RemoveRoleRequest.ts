// Original file: proto/countersign/v1/role_service.proto


export interface RemoveRoleRequest {
  'name'?: (string);
  'audience'?: (string);
  'dryRun'?: (boolean);
}

export interface RemoveRoleRequest__Output {
  'name': (string);
  'audience': (string);
  'dryRun': (boolean);
}
