// Original file: proto/countersign/v1/role_service.proto


export interface RemoveResourceRequest {
  'audience'?: (string);
  'dryRun'?: (boolean);
}

export interface RemoveResourceRequest__Output {
  'audience': (string);
  'dryRun': (boolean);
}
