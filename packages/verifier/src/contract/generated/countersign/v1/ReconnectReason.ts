// Original file: proto/countersign/v1/revocation_service.proto

export const ReconnectReason = {
  RECONNECT_REASON_UNSPECIFIED: 'RECONNECT_REASON_UNSPECIFIED',
  RECONNECT_REASON_DRAINING: 'RECONNECT_REASON_DRAINING',
  RECONNECT_REASON_CONNECTION_AGE: 'RECONNECT_REASON_CONNECTION_AGE',
} as const;

export type ReconnectReason =
  | 'RECONNECT_REASON_UNSPECIFIED'
  | 0
  | 'RECONNECT_REASON_DRAINING'
  | 1
  | 'RECONNECT_REASON_CONNECTION_AGE'
  | 2

export type ReconnectReason__Output = typeof ReconnectReason[keyof typeof ReconnectReason]
