// Original file: proto/countersign/v1/revocation_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchStarted {
  'nodeId'?: (string);
  'issuer'?: (string);
  'renewalIntervalMs'?: (number);
  'silenceMs'?: (number);
  'sliceMs'?: (number | string | Long);
  'entries'?: (number | string | Long);
}

export interface WatchStarted__Output {
  'nodeId': (string);
  'issuer': (string);
  'renewalIntervalMs': (number);
  'silenceMs': (number);
  'sliceMs': (number);
  'entries': (number);
}
