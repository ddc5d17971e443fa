/** RevocationService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { GetRevocationRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/GetRevocationRequest';
import type { GetRevocationResponse } from '@countersign/verifier/contract/generated/countersign/v1/GetRevocationResponse';
import type { PreviewRevocationRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/PreviewRevocationRequest';
import type { PreviewRevocationResponse } from '@countersign/verifier/contract/generated/countersign/v1/PreviewRevocationResponse';
import type { RevokeRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RevokeRequest';
import type { RevokeResponse } from '@countersign/verifier/contract/generated/countersign/v1/RevokeResponse';
import { invalidField } from '@countersign/verifier/errors';
import type { NodeOutcome } from '@countersign/verifier/revocation/revocation';
import type { RevokeKey } from '../keys/revokeKey.ts';
import type { Permission } from '../services/service.ts';
import { filterText } from '../sessions/filterMessage.ts';
import { actorOf, type Caller, requirePermission } from '../transport/grpc/callers.ts';
import { check, endless, ends, type Methods, search } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { PreviewSessions } from './previewSessions.ts';
import type { RevocationTarget, Revoke, RevokeResult } from './revoke.ts';
import { encodingOnce, type WatchStream } from './subscribers/watchStream.ts';

export interface RevocationServiceOperations
  extends Pick<PreviewSessions, 'previewRevocation' | 'revocationProgress'> {
  readonly revoke: Revoke;
  readonly revokeKey: RevokeKey;
}

export const revocationMethods = {
  Revoke: { permission: 'by_request', ...ends },
  PreviewRevocation: { permission: 'sessions.read', ...search },
  GetRevocation: { permission: 'sessions.read', ...check },
  WatchRevocations: { permission: 'tokens.check', ...endless },
} as const satisfies Methods;

/** `watch` serves subscribers' streams. */
export function revocationService(operations: RevocationServiceOperations, watch: WatchStream): GrpcService {
  return {
    methods: revocationMethods,
    mount({ v1, add, unary, stream }) {
      const handlers = createRevocationService(operations);
      add(encodingOnce(v1.RevocationService.service), {
        Revoke: unary('Revoke', handlers.Revoke),
        PreviewRevocation: unary('PreviewRevocation', handlers.PreviewRevocation),
        GetRevocation: unary('GetRevocation', handlers.GetRevocation),
        WatchRevocations: stream('WatchRevocations', watch),
      });
    },
  };
}

export function createRevocationService(operations: RevocationServiceOperations) {
  const { revoke, revokeKey, previewRevocation, revocationProgress } = operations;
  return {
    async PreviewRevocation({
      filter,
    }: PreviewRevocationRequest__Output): Promise<PreviewRevocationResponse> {
      const { sessions, more, users, byClient, byNetwork, byAge } = await previewRevocation(
        filterText(filter),
      );
      return {
        ...{ matchedSessions: sessions, more, users, byClient: [...byClient] },
        ...{ byNetwork: [...byNetwork], byAge: [...byAge] },
      };
    },

    async GetRevocation(
      { requestId }: GetRevocationRequest__Output,
      caller: Caller,
    ): Promise<GetRevocationResponse> {
      const { openedAt, endedSessions, finished } = await revocationProgress(requestId, actorOf(caller));
      return { openTimeMs: openedAt, endedSessions, finished };
    },

    async Revoke(request: RevokeRequest__Output, caller: Caller): Promise<RevokeResponse> {
      const target = targetOf(request);
      requirePermission(caller, permissionFor(target, request));
      const { requestId, dryRun } = request;
      const options = { dryRun, requestId: requestIdOf(request) };
      const actor = actorOf(caller, requestId);
      if ('kid' in target) return toResponse(await revokeKey(target.kid, actor, options));
      return toResponse(await revoke(target, actor, options));
    },
  };
}

/** The permission `Revoke` needs, by target. */
export const revokePermissions = {
  token: 'tokens.revoke',
  jti: 'tokens.revoke',
  externalId: 'external_ids.revoke',
  sessionId: 'sessions.end',
  userId: 'users.logout',
  clientId: 'sessions.end_matching',
  filter: 'sessions.end_matching',
  kid: 'keys.manage',
} as const satisfies Record<string, Permission>;

type TargetKind = keyof typeof revokePermissions;

function permissionFor(target: AnyTarget, { dryRun }: RevokeRequest__Output): Permission {
  const kinds = Object.keys(revokePermissions) as TargetKind[];
  const permission = revokePermissions[kinds.find((kind) => kind in target) as TargetKind];
  // A dry run only reads sessions.
  return dryRun && permission === 'sessions.end_matching' ? 'sessions.read' : permission;
}

function requestIdOf({ requestId, dryRun }: RevokeRequest__Output): string | undefined {
  if (requestId === '') return undefined;
  // A dry run's answer must not be repeated for a real request.
  if (dryRun) throw invalidField('request_id', 'dry_run', 'must not be set for a dry run');
  return requestId;
}

function toResponse({ endedSessions, matchedSessions, effect }: RevokeResult): RevokeResponse {
  if (effect === undefined) return { endedSessions, matchedSessions };
  const waitedFor = effect.nodes.filter(({ outcome }) => outcome !== 'acknowledged');
  return {
    endedSessions,
    matchedSessions,
    effectTimeMs: effect.effectAt,
    effectDurationUs: Math.ceil(effect.milliseconds * 1000),
    acknowledgedNodes: effect.nodes.length - waitedFor.length,
    waitedFor: waitedFor.map(({ id, outcome }) => ({ nodeId: id, outcome: toOutcome(outcome) })),
  };
}

type AnyTarget = RevocationTarget | { readonly kid: string };

function targetOf(request: RevokeRequest__Output): AnyTarget {
  const { token, jti, sessionId, userId, external, clientId, kid, filter } = request;
  if (kid !== undefined) return { kid };
  if (token !== undefined) return { token };
  if (jti !== undefined) return { jti };
  if (sessionId !== undefined) return { sessionId };
  if (userId !== undefined) return { userId };
  if (clientId !== undefined) return { clientId };
  if (filter) return { filter: filterText(filter) };
  if (external) {
    return { externalId: external.externalId, expiresAt: Number(external.exp) * 1000 };
  }
  const targets = 'token, jti, session_id, user_id, external, client_id, kid and filter';
  throw invalidField('target', 'required', `one of ${targets} is required`);
}

const outcomes = {
  acknowledged: 'NODE_OUTCOME_UNSPECIFIED',
  read: 'NODE_OUTCOME_READ',
  lease_expired: 'NODE_OUTCOME_LEASE_EXPIRED',
  stopped: 'NODE_OUTCOME_STOPPED',
  history_changed: 'NODE_OUTCOME_HISTORY_CHANGED',
} as const satisfies Record<NodeOutcome, string>;

function toOutcome(outcome: NodeOutcome) {
  return outcomes[outcome];
}
