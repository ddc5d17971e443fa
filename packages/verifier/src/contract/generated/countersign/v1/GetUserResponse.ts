// Original file: proto/countersign/v1/user_service.proto

import type { User as _countersign_v1_User, User__Output as _countersign_v1_User__Output } from '../../countersign/v1/User.ts';
import type { UserEvent as _countersign_v1_UserEvent, UserEvent__Output as _countersign_v1_UserEvent__Output } from '../../countersign/v1/UserEvent.ts';
import type { Long } from '@grpc/proto-loader';

export interface GetUserResponse {
  'user'?: (_countersign_v1_User | null);
  'factors'?: (string)[];
  'recoveryCodesLeft'?: (number);
  'factorsResetTimeMs'?: (number | string | Long);
  'sessions'?: (number);
  'signIns'?: (_countersign_v1_UserEvent)[];
}

export interface GetUserResponse__Output {
  'user': (_countersign_v1_User__Output | null);
  'factors': (string)[];
  'recoveryCodesLeft': (number);
  'factorsResetTimeMs': (number);
  'sessions': (number);
  'signIns': (_countersign_v1_UserEvent__Output)[];
}
