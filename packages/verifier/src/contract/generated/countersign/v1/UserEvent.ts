// Original file: proto/countersign/v1/user_service.proto

import type { Long } from '@grpc/proto-loader';

export interface UserEvent {
  'eventId'?: (string);
  'timeMs'?: (number | string | Long);
  'type'?: (string);
  'actor'?: (string);
  'sessionId'?: (string);
  'reason'?: (string);
  'requestId'?: (string);
  'ip'?: (string);
  'detail'?: (string);
}

export interface UserEvent__Output {
  'eventId': (string);
  'timeMs': (number);
  'type': (string);
  'actor': (string);
  'sessionId': (string);
  'reason': (string);
  'requestId': (string);
  'ip': (string);
  'detail': (string);
}
