// Original file: proto/countersign/v1/session_service.proto

import type { Session as _countersign_v1_Session, Session__Output as _countersign_v1_Session__Output } from '../../countersign/v1/Session.ts';

export interface ListSessionsResponse {
  'sessions'?: (_countersign_v1_Session)[];
  'nextPageToken'?: (string);
}

export interface ListSessionsResponse__Output {
  'sessions': (_countersign_v1_Session__Output)[];
  'nextPageToken': (string);
}
