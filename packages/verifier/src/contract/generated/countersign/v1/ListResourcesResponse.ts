// Original file: proto/countersign/v1/role_service.proto

import type { Resource as _countersign_v1_Resource, Resource__Output as _countersign_v1_Resource__Output } from '../../countersign/v1/Resource.ts';

export interface ListResourcesResponse {
  'resources'?: (_countersign_v1_Resource)[];
}

export interface ListResourcesResponse__Output {
  'resources': (_countersign_v1_Resource__Output)[];
}
