// Original file: proto/countersign/v1/session_service.proto

import type { Long } from '@grpc/proto-loader';

export interface Session {
  'sessionId'?: (string);
  'userId'?: (string);
  'deviceName'?: (string);
  'userAgent'?: (string);
  'ip'?: (string);
  'createTimeMs'?: (number | string | Long);
  'lastUsedTimeMs'?: (number | string | Long);
  'expireTimeMs'?: (number | string | Long);
  'browser'?: (string);
  'os'?: (string);
  'contextSignals'?: (string)[];
  'contextScore'?: (number);
  'contextChangeTimeMs'?: (number | string | Long);
  'deviceType'?: (string);
}

export interface Session__Output {
  'sessionId': (string);
  'userId': (string);
  'deviceName': (string);
  'userAgent': (string);
  'ip': (string);
  'createTimeMs': (number);
  'lastUsedTimeMs': (number);
  'expireTimeMs': (number);
  'browser': (string);
  'os': (string);
  'contextSignals': (string)[];
  'contextScore': (number);
  'contextChangeTimeMs': (number);
  'deviceType': (string);
}
