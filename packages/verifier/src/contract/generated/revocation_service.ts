import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AcknowledgeRevocations as _countersign_v1_AcknowledgeRevocations, AcknowledgeRevocations__Output as _countersign_v1_AcknowledgeRevocations__Output } from './countersign/v1/AcknowledgeRevocations.ts';
import type { BatchIntrospectRequest as _countersign_v1_BatchIntrospectRequest, BatchIntrospectRequest__Output as _countersign_v1_BatchIntrospectRequest__Output } from './countersign/v1/BatchIntrospectRequest.ts';
import type { BatchIntrospectResponse as _countersign_v1_BatchIntrospectResponse, BatchIntrospectResponse__Output as _countersign_v1_BatchIntrospectResponse__Output } from './countersign/v1/BatchIntrospectResponse.ts';
import type { BatchIsRevokedRequest as _countersign_v1_BatchIsRevokedRequest, BatchIsRevokedRequest__Output as _countersign_v1_BatchIsRevokedRequest__Output } from './countersign/v1/BatchIsRevokedRequest.ts';
import type { BatchIsRevokedResponse as _countersign_v1_BatchIsRevokedResponse, BatchIsRevokedResponse__Output as _countersign_v1_BatchIsRevokedResponse__Output } from './countersign/v1/BatchIsRevokedResponse.ts';
import type { ExternalToken as _countersign_v1_ExternalToken, ExternalToken__Output as _countersign_v1_ExternalToken__Output } from './countersign/v1/ExternalToken.ts';
import type { Failure as _countersign_v1_Failure, Failure__Output as _countersign_v1_Failure__Output } from './countersign/v1/Failure.ts';
import type { FilterBytes as _countersign_v1_FilterBytes, FilterBytes__Output as _countersign_v1_FilterBytes__Output } from './countersign/v1/FilterBytes.ts';
import type { FilterStart as _countersign_v1_FilterStart, FilterStart__Output as _countersign_v1_FilterStart__Output } from './countersign/v1/FilterStart.ts';
import type { GrantLease as _countersign_v1_GrantLease, GrantLease__Output as _countersign_v1_GrantLease__Output } from './countersign/v1/GrantLease.ts';
import type { IntrospectRequest as _countersign_v1_IntrospectRequest, IntrospectRequest__Output as _countersign_v1_IntrospectRequest__Output } from './countersign/v1/IntrospectRequest.ts';
import type { IntrospectResponse as _countersign_v1_IntrospectResponse, IntrospectResponse__Output as _countersign_v1_IntrospectResponse__Output } from './countersign/v1/IntrospectResponse.ts';
import type { IsRevokedRequest as _countersign_v1_IsRevokedRequest, IsRevokedRequest__Output as _countersign_v1_IsRevokedRequest__Output } from './countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse as _countersign_v1_IsRevokedResponse, IsRevokedResponse__Output as _countersign_v1_IsRevokedResponse__Output } from './countersign/v1/IsRevokedResponse.ts';
import type { LeaveStream as _countersign_v1_LeaveStream, LeaveStream__Output as _countersign_v1_LeaveStream__Output } from './countersign/v1/LeaveStream.ts';
import type { PublicKeys as _countersign_v1_PublicKeys, PublicKeys__Output as _countersign_v1_PublicKeys__Output } from './countersign/v1/PublicKeys.ts';
import type { Reconnect as _countersign_v1_Reconnect, Reconnect__Output as _countersign_v1_Reconnect__Output } from './countersign/v1/Reconnect.ts';
import type { RenewLease as _countersign_v1_RenewLease, RenewLease__Output as _countersign_v1_RenewLease__Output } from './countersign/v1/RenewLease.ts';
import type { RevocationEntry as _countersign_v1_RevocationEntry, RevocationEntry__Output as _countersign_v1_RevocationEntry__Output } from './countersign/v1/RevocationEntry.ts';
import type { RevocationServiceClient as _countersign_v1_RevocationServiceClient, RevocationServiceDefinition as _countersign_v1_RevocationServiceDefinition } from './countersign/v1/RevocationService.ts';
import type { Revocations as _countersign_v1_Revocations, Revocations__Output as _countersign_v1_Revocations__Output } from './countersign/v1/Revocations.ts';
import type { RevokeRequest as _countersign_v1_RevokeRequest, RevokeRequest__Output as _countersign_v1_RevokeRequest__Output } from './countersign/v1/RevokeRequest.ts';
import type { RevokeResponse as _countersign_v1_RevokeResponse, RevokeResponse__Output as _countersign_v1_RevokeResponse__Output } from './countersign/v1/RevokeResponse.ts';
import type { SessionFilter as _countersign_v1_SessionFilter, SessionFilter__Output as _countersign_v1_SessionFilter__Output } from './countersign/v1/SessionFilter.ts';
import type { SnapshotEnd as _countersign_v1_SnapshotEnd, SnapshotEnd__Output as _countersign_v1_SnapshotEnd__Output } from './countersign/v1/SnapshotEnd.ts';
import type { StartWatching as _countersign_v1_StartWatching, StartWatching__Output as _countersign_v1_StartWatching__Output } from './countersign/v1/StartWatching.ts';
import type { TokenServiceClient as _countersign_v1_TokenServiceClient, TokenServiceDefinition as _countersign_v1_TokenServiceDefinition } from './countersign/v1/TokenService.ts';
import type { WaitedForNode as _countersign_v1_WaitedForNode, WaitedForNode__Output as _countersign_v1_WaitedForNode__Output } from './countersign/v1/WaitedForNode.ts';
import type { WatchRevocationsRequest as _countersign_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _countersign_v1_WatchRevocationsRequest__Output } from './countersign/v1/WatchRevocationsRequest.ts';
import type { WatchRevocationsResponse as _countersign_v1_WatchRevocationsResponse, WatchRevocationsResponse__Output as _countersign_v1_WatchRevocationsResponse__Output } from './countersign/v1/WatchRevocationsResponse.ts';
import type { WatchStarted as _countersign_v1_WatchStarted, WatchStarted__Output as _countersign_v1_WatchStarted__Output } from './countersign/v1/WatchStarted.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      AcknowledgeRevocations: MessageTypeDefinition<_countersign_v1_AcknowledgeRevocations, _countersign_v1_AcknowledgeRevocations__Output>
      BatchIntrospectRequest: MessageTypeDefinition<_countersign_v1_BatchIntrospectRequest, _countersign_v1_BatchIntrospectRequest__Output>
      BatchIntrospectResponse: MessageTypeDefinition<_countersign_v1_BatchIntrospectResponse, _countersign_v1_BatchIntrospectResponse__Output>
      BatchIsRevokedRequest: MessageTypeDefinition<_countersign_v1_BatchIsRevokedRequest, _countersign_v1_BatchIsRevokedRequest__Output>
      BatchIsRevokedResponse: MessageTypeDefinition<_countersign_v1_BatchIsRevokedResponse, _countersign_v1_BatchIsRevokedResponse__Output>
      DecidedBy: EnumTypeDefinition
      ExternalToken: MessageTypeDefinition<_countersign_v1_ExternalToken, _countersign_v1_ExternalToken__Output>
      Failure: MessageTypeDefinition<_countersign_v1_Failure, _countersign_v1_Failure__Output>
      FailureStatus: EnumTypeDefinition
      FilterBytes: MessageTypeDefinition<_countersign_v1_FilterBytes, _countersign_v1_FilterBytes__Output>
      FilterStart: MessageTypeDefinition<_countersign_v1_FilterStart, _countersign_v1_FilterStart__Output>
      GrantLease: MessageTypeDefinition<_countersign_v1_GrantLease, _countersign_v1_GrantLease__Output>
      IntrospectRequest: MessageTypeDefinition<_countersign_v1_IntrospectRequest, _countersign_v1_IntrospectRequest__Output>
      IntrospectResponse: MessageTypeDefinition<_countersign_v1_IntrospectResponse, _countersign_v1_IntrospectResponse__Output>
      IsRevokedRequest: MessageTypeDefinition<_countersign_v1_IsRevokedRequest, _countersign_v1_IsRevokedRequest__Output>
      IsRevokedResponse: MessageTypeDefinition<_countersign_v1_IsRevokedResponse, _countersign_v1_IsRevokedResponse__Output>
      LeaveStream: MessageTypeDefinition<_countersign_v1_LeaveStream, _countersign_v1_LeaveStream__Output>
      NodeOutcome: EnumTypeDefinition
      PublicKeys: MessageTypeDefinition<_countersign_v1_PublicKeys, _countersign_v1_PublicKeys__Output>
      Reason: EnumTypeDefinition
      Reconnect: MessageTypeDefinition<_countersign_v1_Reconnect, _countersign_v1_Reconnect__Output>
      ReconnectReason: EnumTypeDefinition
      RenewLease: MessageTypeDefinition<_countersign_v1_RenewLease, _countersign_v1_RenewLease__Output>
      RevocationEntry: MessageTypeDefinition<_countersign_v1_RevocationEntry, _countersign_v1_RevocationEntry__Output>
      RevocationService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_RevocationServiceClient> & { service: _countersign_v1_RevocationServiceDefinition }
      Revocations: MessageTypeDefinition<_countersign_v1_Revocations, _countersign_v1_Revocations__Output>
      RevokeRequest: MessageTypeDefinition<_countersign_v1_RevokeRequest, _countersign_v1_RevokeRequest__Output>
      RevokeResponse: MessageTypeDefinition<_countersign_v1_RevokeResponse, _countersign_v1_RevokeResponse__Output>
      SessionFilter: MessageTypeDefinition<_countersign_v1_SessionFilter, _countersign_v1_SessionFilter__Output>
      SnapshotEnd: MessageTypeDefinition<_countersign_v1_SnapshotEnd, _countersign_v1_SnapshotEnd__Output>
      StartWatching: MessageTypeDefinition<_countersign_v1_StartWatching, _countersign_v1_StartWatching__Output>
      TokenService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_TokenServiceClient> & { service: _countersign_v1_TokenServiceDefinition }
      WaitedForNode: MessageTypeDefinition<_countersign_v1_WaitedForNode, _countersign_v1_WaitedForNode__Output>
      WatchRevocationsRequest: MessageTypeDefinition<_countersign_v1_WatchRevocationsRequest, _countersign_v1_WatchRevocationsRequest__Output>
      WatchRevocationsResponse: MessageTypeDefinition<_countersign_v1_WatchRevocationsResponse, _countersign_v1_WatchRevocationsResponse__Output>
      WatchStarted: MessageTypeDefinition<_countersign_v1_WatchStarted, _countersign_v1_WatchStarted__Output>
    }
  }
}

