// Original file: proto/countersign/v1/revocation_service.proto

import type { StartWatching as _countersign_v1_StartWatching, StartWatching__Output as _countersign_v1_StartWatching__Output } from '../../countersign/v1/StartWatching.ts';
import type { RenewLease as _countersign_v1_RenewLease, RenewLease__Output as _countersign_v1_RenewLease__Output } from '../../countersign/v1/RenewLease.ts';
import type { AcknowledgeRevocations as _countersign_v1_AcknowledgeRevocations, AcknowledgeRevocations__Output as _countersign_v1_AcknowledgeRevocations__Output } from '../../countersign/v1/AcknowledgeRevocations.ts';
import type { LeaveStream as _countersign_v1_LeaveStream, LeaveStream__Output as _countersign_v1_LeaveStream__Output } from '../../countersign/v1/LeaveStream.ts';

export interface WatchRevocationsRequest {
  'start'?: (_countersign_v1_StartWatching | null);
  'renew'?: (_countersign_v1_RenewLease | null);
  'acknowledge'?: (_countersign_v1_AcknowledgeRevocations | null);
  'leave'?: (_countersign_v1_LeaveStream | null);
  'message'?: "start"|"renew"|"acknowledge"|"leave";
}

export interface WatchRevocationsRequest__Output {
  'start'?: (_countersign_v1_StartWatching__Output | null);
  'renew'?: (_countersign_v1_RenewLease__Output | null);
  'acknowledge'?: (_countersign_v1_AcknowledgeRevocations__Output | null);
  'leave'?: (_countersign_v1_LeaveStream__Output | null);
  'message'?: "start"|"renew"|"acknowledge"|"leave";
}
