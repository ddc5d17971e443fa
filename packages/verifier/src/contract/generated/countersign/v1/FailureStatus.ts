// Original file: proto/countersign/v1/token_service.proto

export const FailureStatus = {
  FAILURE_STATUS_UNSPECIFIED: 'FAILURE_STATUS_UNSPECIFIED',
  FAILURE_STATUS_INVALID_ARGUMENT: 'FAILURE_STATUS_INVALID_ARGUMENT',
  FAILURE_STATUS_UNAVAILABLE: 'FAILURE_STATUS_UNAVAILABLE',
  FAILURE_STATUS_INTERNAL: 'FAILURE_STATUS_INTERNAL',
} as const;

export type FailureStatus =
  | 'FAILURE_STATUS_UNSPECIFIED'
  | 0
  | 'FAILURE_STATUS_INVALID_ARGUMENT'
  | 1
  | 'FAILURE_STATUS_UNAVAILABLE'
  | 2
  | 'FAILURE_STATUS_INTERNAL'
  | 3

export type FailureStatus__Output = typeof FailureStatus[keyof typeof FailureStatus]
