// Original file: proto/countersign/v1/revocation_service.proto

import type { WatchStarted as _countersign_v1_WatchStarted, WatchStarted__Output as _countersign_v1_WatchStarted__Output } from '../../countersign/v1/WatchStarted.ts';
import type { FilterStart as _countersign_v1_FilterStart, FilterStart__Output as _countersign_v1_FilterStart__Output } from '../../countersign/v1/FilterStart.ts';
import type { FilterBytes as _countersign_v1_FilterBytes, FilterBytes__Output as _countersign_v1_FilterBytes__Output } from '../../countersign/v1/FilterBytes.ts';
import type { SnapshotEnd as _countersign_v1_SnapshotEnd, SnapshotEnd__Output as _countersign_v1_SnapshotEnd__Output } from '../../countersign/v1/SnapshotEnd.ts';
import type { Revocations as _countersign_v1_Revocations, Revocations__Output as _countersign_v1_Revocations__Output } from '../../countersign/v1/Revocations.ts';
import type { PublicKeys as _countersign_v1_PublicKeys, PublicKeys__Output as _countersign_v1_PublicKeys__Output } from '../../countersign/v1/PublicKeys.ts';
import type { GrantLease as _countersign_v1_GrantLease, GrantLease__Output as _countersign_v1_GrantLease__Output } from '../../countersign/v1/GrantLease.ts';
import type { Reconnect as _countersign_v1_Reconnect, Reconnect__Output as _countersign_v1_Reconnect__Output } from '../../countersign/v1/Reconnect.ts';

export interface WatchRevocationsResponse {
  'started'?: (_countersign_v1_WatchStarted | null);
  'filterStart'?: (_countersign_v1_FilterStart | null);
  'filterBytes'?: (_countersign_v1_FilterBytes | null);
  'snapshotEnd'?: (_countersign_v1_SnapshotEnd | null);
  'revocations'?: (_countersign_v1_Revocations | null);
  'keys'?: (_countersign_v1_PublicKeys | null);
  'lease'?: (_countersign_v1_GrantLease | null);
  'reconnect'?: (_countersign_v1_Reconnect | null);
  'message'?: "started"|"filterStart"|"filterBytes"|"snapshotEnd"|"revocations"|"keys"|"lease"|"reconnect";
}

export interface WatchRevocationsResponse__Output {
  'started'?: (_countersign_v1_WatchStarted__Output | null);
  'filterStart'?: (_countersign_v1_FilterStart__Output | null);
  'filterBytes'?: (_countersign_v1_FilterBytes__Output | null);
  'snapshotEnd'?: (_countersign_v1_SnapshotEnd__Output | null);
  'revocations'?: (_countersign_v1_Revocations__Output | null);
  'keys'?: (_countersign_v1_PublicKeys__Output | null);
  'lease'?: (_countersign_v1_GrantLease__Output | null);
  'reconnect'?: (_countersign_v1_Reconnect__Output | null);
  'message'?: "started"|"filterStart"|"filterBytes"|"snapshotEnd"|"revocations"|"keys"|"lease"|"reconnect";
}
