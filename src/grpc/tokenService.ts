/** TokenService: translate, call one flow, translate back. The contract is in proto/countersign/v1. */

import type { BatchIsRevokedRequest__Output } from '../contract/generated/countersign/v1/BatchIsRevokedRequest.ts';
import type { BatchIsRevokedResponse } from '../contract/generated/countersign/v1/BatchIsRevokedResponse.ts';
import { DecidedBy } from '../contract/generated/countersign/v1/DecidedBy.ts';
import type { IntrospectRequest__Output } from '../contract/generated/countersign/v1/IntrospectRequest.ts';
import type { IntrospectResponse } from '../contract/generated/countersign/v1/IntrospectResponse.ts';
import type { IsRevokedRequest__Output } from '../contract/generated/countersign/v1/IsRevokedRequest.ts';
import type { IsRevokedResponse } from '../contract/generated/countersign/v1/IsRevokedResponse.ts';
import { Reason } from '../contract/generated/countersign/v1/Reason.ts';
import { invalidField } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { CheckRevocation } from '../flows/checkRevocation.ts';
import type { Introspect } from '../flows/introspect.ts';
import type { Verdict } from '../revocation/denyList.ts';
import { toReason } from './reasons.ts';

export interface TokenServiceFlows {
  readonly checkRevocation: CheckRevocation;
  readonly introspect: Introspect;
}

export function createTokenService({ checkRevocation, introspect }: TokenServiceFlows) {
  return {
    async IsRevoked({ jti, kid, externalId }: IsRevokedRequest__Output): Promise<IsRevokedResponse> {
      if (externalId === '') {
        const token = { jti, field: 'jti' };
        return toResponse(await checkRevocation(kid === '' ? token : { ...token, kid }));
      }
      if (jti !== '' || kid !== '')
        throw invalidField('external_id', 'exclusive', 'must not be set together with jti or kid');
      return toResponse(await checkRevocation({ externalId, field: 'external_id' }));
    },

    async BatchIsRevoked({ jtis }: BatchIsRevokedRequest__Output): Promise<BatchIsRevokedResponse> {
      if (jtis.length === 0 || jtis.length > limits.batchIsRevokedIds) {
        throw invalidField('jtis', 'count', `must be 1 to ${limits.batchIsRevokedIds} ids`);
      }
      // Each in an async function: one that throws must not leave the promises before it without a listener.
      const verdicts = await Promise.all(
        jtis.map(async (jti, index) => checkRevocation({ jti, field: `jtis[${index}]` })),
      );
      return { results: verdicts.map(toResponse) };
    },

    async Introspect({ token }: IntrospectRequest__Output): Promise<IntrospectResponse> {
      const result = await introspect(token);
      if (!result.active) return { active: false };
      const { client_id: clientId, auth_time: authTime, amr, ...claims } = result.claims;
      return { ...claims, active: true, clientId, authTime, amr: [...amr], tokenType: 'Bearer' };
    },
  };
}

const decidedBy = {
  bloom: DecidedBy.DECIDED_BY_BLOOM,
  lru: DecidedBy.DECIDED_BY_LRU,
  redis: DecidedBy.DECIDED_BY_REDIS,
  postgres: DecidedBy.DECIDED_BY_POSTGRES,
} as const;

function toResponse(verdict: Verdict): IsRevokedResponse {
  return {
    revoked: verdict.revoked,
    reason: verdict.revoked ? toReason(verdict.reason) : Reason.REASON_UNSPECIFIED,
    decidedBy: decidedBy[verdict.decidedBy],
  };
}
