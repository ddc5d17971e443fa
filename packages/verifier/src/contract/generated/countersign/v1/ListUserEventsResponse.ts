// Original file: proto/countersign/v1/user_service.proto

import type { UserEvent as _countersign_v1_UserEvent, UserEvent__Output as _countersign_v1_UserEvent__Output } from '../../countersign/v1/UserEvent.ts';

export interface ListUserEventsResponse {
  'events'?: (_countersign_v1_UserEvent)[];
  'nextPageToken'?: (string);
}

export interface ListUserEventsResponse__Output {
  'events': (_countersign_v1_UserEvent__Output)[];
  'nextPageToken': (string);
}
