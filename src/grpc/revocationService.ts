/** RevocationService: translate, call one flow, translate back. The contract is in proto/countersign/v1. */
import type { Service } from '../authn/service.ts';
import type { RevokeRequest__Output } from '../contract/generated/countersign/v1/RevokeRequest.ts';
import type { RevokeResponse } from '../contract/generated/countersign/v1/RevokeResponse.ts';
import { invalidField } from '../core/errors.ts';
import type { RevocationTarget, Revoke } from '../flows/revoke.ts';
import type { NodeOutcome } from '../revocation/revocation.ts';

export interface RevocationServiceFlows {
  readonly revoke: Revoke;
}

export function createRevocationService({ revoke }: RevocationServiceFlows) {
  return {
    async Revoke(request: RevokeRequest__Output, caller: Service): Promise<RevokeResponse> {
      const { endedSessions, effect } = await revoke(targetOf(request), { actor: `service:${caller.name}` });
      if (effect === undefined) return { endedSessions };
      const waitedFor = effect.nodes.filter(({ outcome }) => outcome !== 'acknowledged');
      return {
        endedSessions,
        effectTimeMs: effect.effectAt,
        effectDurationUs: Math.ceil(effect.milliseconds * 1000),
        acknowledgedNodes: effect.nodes.length - waitedFor.length,
        waitedFor: waitedFor.map(({ id, outcome }) => ({ nodeId: id, outcome: toOutcome(outcome) })),
      };
    },
  };
}

function targetOf({ token, jti, sessionId, userId, external }: RevokeRequest__Output): RevocationTarget {
  if (token !== undefined) return { token };
  if (jti !== undefined) return { jti };
  if (sessionId !== undefined) return { sessionId };
  if (userId !== undefined) return { userId };
  if (external) {
    return { externalId: external.externalId, expiresAt: Number(external.exp) * 1000 };
  }
  throw invalidField('target', 'required', 'one of token, jti, session_id, user_id and external is required');
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
