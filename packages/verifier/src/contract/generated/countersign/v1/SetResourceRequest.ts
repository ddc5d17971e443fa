// Original file: proto/countersign/v1/role_service.proto

import type { Resource as _countersign_v1_Resource, Resource__Output as _countersign_v1_Resource__Output } from '../../countersign/v1/Resource.ts';

export interface SetResourceRequest {
  'resource'?: (_countersign_v1_Resource | null);
  'dryRun'?: (boolean);
}

export interface SetResourceRequest__Output {
  'resource': (_countersign_v1_Resource__Output | null);
  'dryRun': (boolean);
}
