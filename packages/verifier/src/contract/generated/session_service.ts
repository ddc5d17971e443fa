import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EndSessionRequest as _countersign_v1_EndSessionRequest, EndSessionRequest__Output as _countersign_v1_EndSessionRequest__Output } from './countersign/v1/EndSessionRequest.ts';
import type { EndSessionResponse as _countersign_v1_EndSessionResponse, EndSessionResponse__Output as _countersign_v1_EndSessionResponse__Output } from './countersign/v1/EndSessionResponse.ts';
import type { ListSessionsRequest as _countersign_v1_ListSessionsRequest, ListSessionsRequest__Output as _countersign_v1_ListSessionsRequest__Output } from './countersign/v1/ListSessionsRequest.ts';
import type { ListSessionsResponse as _countersign_v1_ListSessionsResponse, ListSessionsResponse__Output as _countersign_v1_ListSessionsResponse__Output } from './countersign/v1/ListSessionsResponse.ts';
import type { Session as _countersign_v1_Session, Session__Output as _countersign_v1_Session__Output } from './countersign/v1/Session.ts';
import type { SessionServiceClient as _countersign_v1_SessionServiceClient, SessionServiceDefinition as _countersign_v1_SessionServiceDefinition } from './countersign/v1/SessionService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  countersign: {
    v1: {
      EndSessionRequest: MessageTypeDefinition<_countersign_v1_EndSessionRequest, _countersign_v1_EndSessionRequest__Output>
      EndSessionResponse: MessageTypeDefinition<_countersign_v1_EndSessionResponse, _countersign_v1_EndSessionResponse__Output>
      ListSessionsRequest: MessageTypeDefinition<_countersign_v1_ListSessionsRequest, _countersign_v1_ListSessionsRequest__Output>
      ListSessionsResponse: MessageTypeDefinition<_countersign_v1_ListSessionsResponse, _countersign_v1_ListSessionsResponse__Output>
      Session: MessageTypeDefinition<_countersign_v1_Session, _countersign_v1_Session__Output>
      SessionService: SubtypeConstructor<typeof grpc.Client, _countersign_v1_SessionServiceClient> & { service: _countersign_v1_SessionServiceDefinition }
    }
  }
}

