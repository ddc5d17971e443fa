// Original file: proto/countersign/v1/user_service.proto

import type { User as _countersign_v1_User, User__Output as _countersign_v1_User__Output } from '../../countersign/v1/User.ts';

export interface ListUsersResponse {
  'users'?: (_countersign_v1_User)[];
  'nextPageToken'?: (string);
}

export interface ListUsersResponse__Output {
  'users': (_countersign_v1_User__Output)[];
  'nextPageToken': (string);
}
