// Original file: proto/countersign/v1/role_service.proto


export interface RoleScopes {
  'audience'?: (string);
  'scopes'?: (string)[];
}

export interface RoleScopes__Output {
  'audience': (string);
  'scopes': (string)[];
}
