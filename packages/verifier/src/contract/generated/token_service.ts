import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BatchIntrospectRequest as _countersign_v1_BatchIntrospectRequest, BatchIntrospectRequest__Output as _countersign_v1_BatchIntrospectRequest__Output } from './countersign/v1/BatchIntrospectRequest.ts';
import type { BatchIntrospectResponse as _countersign_v1_BatchIntrospectResponse, BatchIntrospectResponse__Output as _countersign_v1_BatchIntrospectResponse__Output } from './countersign/v1/BatchIntrospectResponse.ts';
import type { BatchIsRevokedRequest as _countersign_v1_BatchIsRevokedRequest, BatchIsRevokedRequest__Output as _countersign_v1_BatchIsRevokedRequest__Output } from './countersign/v1/BatchIsRevokedRequest.ts';
import type { BatchIsRevokedResponse as _countersign_v1_BatchIsRevokedResponse, BatchIsRevokedResponse__Output as _countersign_v1_BatchIsRevokedResponse__Output } from './countersign/v1/BatchIsRevokedResponse.ts';
import type { Failure as _countersign_v1_Failure, Failure__Output as _countersign_v1_Failure__Output } from './countersign/v1/Failure.ts';
import type { IntrospectRequest as _countersign_v1_IntrospectRequest, IntrospectRequest__Output as _countersign_v1_IntrospectRequest__Output } from './countersign/v1/IntrospectRequest.ts';
import type { IntrospectResponse as _countersign_v1_IntrospectResponse, IntrospectResponse__Output as _countersign_v1_IntrospectResponse__Output } from './countersign/v1/IntrospectResponse.ts';
import type { IsRevokedRequest as _countersign_v1_IsRevokedRequest, IsRevokedRequest__Output as _countersign_v1_IsRevokedRequest__Output } from './countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse as _countersign_v1_IsRevokedResponse, IsRevokedResponse__Output as _countersign_v1_IsRevokedResponse__Output } from './countersign/v1/IsRevokedResponse.ts';
import type { TokenServiceClient as _countersign_v1_TokenServiceClient, TokenServiceDefinition as _countersign_v1_TokenServiceDefinition } from './countersign/v1/TokenService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      BatchIntrospectRequest: MessageTypeDefinition<_countersign_v1_BatchIntrospectRequest, _countersign_v1_BatchIntrospectRequest__Output>
      BatchIntrospectResponse: MessageTypeDefinition<_countersign_v1_BatchIntrospectResponse, _countersign_v1_BatchIntrospectResponse__Output>
      BatchIsRevokedRequest: MessageTypeDefinition<_countersign_v1_BatchIsRevokedRequest, _countersign_v1_BatchIsRevokedRequest__Output>
      BatchIsRevokedResponse: MessageTypeDefinition<_countersign_v1_BatchIsRevokedResponse, _countersign_v1_BatchIsRevokedResponse__Output>
      DecidedBy: EnumTypeDefinition
      Failure: MessageTypeDefinition<_countersign_v1_Failure, _countersign_v1_Failure__Output>
      FailureStatus: EnumTypeDefinition
      IntrospectRequest: MessageTypeDefinition<_countersign_v1_IntrospectRequest, _countersign_v1_IntrospectRequest__Output>
      IntrospectResponse: MessageTypeDefinition<_countersign_v1_IntrospectResponse, _countersign_v1_IntrospectResponse__Output>
      IsRevokedRequest: MessageTypeDefinition<_countersign_v1_IsRevokedRequest, _countersign_v1_IsRevokedRequest__Output>
      IsRevokedResponse: MessageTypeDefinition<_countersign_v1_IsRevokedResponse, _countersign_v1_IsRevokedResponse__Output>
      Reason: EnumTypeDefinition
      TokenService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_TokenServiceClient> & { service: _countersign_v1_TokenServiceDefinition }
    }
  }
}

