/** TokenService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { Clock } from '@countersign/verifier/clock';
import type { BatchIntrospectRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/BatchIntrospectRequest';
import type { BatchIntrospectResponse } from '@countersign/verifier/contract/generated/countersign/v1/BatchIntrospectResponse';
import type { BatchIsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedRequest';
import type { BatchIsRevokedResponse } from '@countersign/verifier/contract/generated/countersign/v1/BatchIsRevokedResponse';
import { DecidedBy } from '@countersign/verifier/contract/generated/countersign/v1/DecidedBy';
import type { IntrospectRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectRequest';
import type { IntrospectResponse } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import type { IsRevokedRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedRequest';
import type { IsRevokedResponse } from '@countersign/verifier/contract/generated/countersign/v1/IsRevokedResponse';
import { Reason } from '@countersign/verifier/contract/generated/countersign/v1/Reason';
import type { TokenServiceDefinition } from '@countersign/verifier/contract/generated/countersign/v1/TokenService';
import { invalidField } from '@countersign/verifier/errors';
import type { Verdict } from '@countersign/verifier/revocation/denyList';
import type { Confirmation } from '@countersign/verifier/tokens/confirmation';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import type { Service } from '../services/service.ts';
import { type AnswerOne, createBatch } from '../transport/grpc/batch.ts';
import type { Caller } from '../transport/grpc/callers.ts';
import type { CallReports } from '../transport/grpc/callReports.ts';
import { batch, check, type Methods } from '../transport/grpc/methodRow.ts';
import { toReason } from '../transport/grpc/reasons.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { CheckRevocation, TokenId } from './checkRevocation.ts';
import type { EarlierIntrospection } from './earlierIssuers/earlierTokens.ts';
import type { IntrospectAny, Introspection } from './introspect.ts';
import { tokenLimits } from './limits.ts';
import { createWriteResults, readBatchIsRevoked, readIntrospect, readIsRevoked } from './plainMessages.ts';

export interface TokenServiceOperations {
  readonly checkRevocation: CheckRevocation;
  readonly introspect: IntrospectAny;
}

export const tokenMethods = {
  IsRevoked: { permission: 'tokens.check', ...check },
  BatchIsRevoked: { permission: 'tokens.check', ...batch },
  Introspect: { permission: 'tokens.introspect', ...check },
  BatchIntrospect: { permission: 'tokens.introspect', ...batch },
} as const satisfies Methods;

export function tokenService(operations: TokenServiceOperations): GrpcService {
  return {
    methods: tokenMethods,
    mount({ v1, add, addWhole, unary, clock, report }) {
      const handlers = createTokenService(operations, { clock, report });
      const service = withOwnCodecs(v1.TokenService.service);
      const isRevoked = unary('IsRevoked', handlers.IsRevoked);
      const introspect = unary('Introspect', handlers.Introspect);
      add(service, {
        IsRevoked: isRevoked,
        BatchIsRevoked: unary('BatchIsRevoked', handlers.BatchIsRevoked),
        Introspect: introspect,
        BatchIntrospect: unary('BatchIntrospect', handlers.BatchIntrospect),
      });
      const { IsRevoked, Introspect } = service;
      const [writeVerdict, writeClaims] = [IsRevoked.responseSerialize, Introspect.responseSerialize];
      addWhole(IsRevoked.path, { decode: readIsRevoked, encode: writeVerdict }, isRevoked);
      addWhole(Introspect.path, { decode: readIntrospect, encode: writeClaims }, introspect);
    },
  };
}

/** The library's codecs cost a batch more than all its checks. */
function withOwnCodecs(service: TokenServiceDefinition): TokenServiceDefinition {
  const { requestDeserialize } = service.BatchIsRevoked;
  const BatchIsRevoked = {
    ...service.BatchIsRevoked,
    requestDeserialize: (bytes: Buffer) => readBatchIsRevoked(bytes) ?? requestDeserialize(bytes),
    responseSerialize: createWriteResults(service.IsRevoked.responseSerialize),
  };
  return { ...service, BatchIsRevoked };
}

export function createTokenService(
  { checkRevocation, introspect }: TokenServiceOperations,
  { clock, report }: { readonly clock: Clock; readonly report: CallReports['report'] },
) {
  const batch = createBatch(clock);
  const toClaims = createToClaims();
  const toResponse = createToResponse();

  const isRevoked: AnswerOne<TokenId, IsRevokedResponse> = (id) => {
    const verdict = checkRevocation(id);
    return verdict instanceof Promise ? verdict.then(toResponse) : toResponse(verdict);
  };
  const introspectFor =
    ({ audiences }: Pick<Service, 'audiences'>): AnswerOne<string, IntrospectResponse> =>
    (token) => {
      const result = introspect(token, audiences);
      return result instanceof Promise ? result.then(toClaims) : toClaims(result);
    };

  return {
    IsRevoked: (request: IsRevokedRequest__Output) => isRevoked(toTokenId(request)),

    async BatchIsRevoked({ jtis, checks }: BatchIsRevokedRequest__Output): Promise<BatchIsRevokedResponse> {
      if (jtis.length > 0 && checks.length > 0)
        throw invalidField('checks', 'exclusive', 'must not be set together with jtis');
      requireCount('jtis', jtis.length + checks.length, tokenLimits.batchIsRevokedIds, 'ids');
      // A failed check must be a refusal, even for a caller that ignores `failure`.
      const failed = { revoked: true };
      if (checks.length > 0) {
        const onFailure = (error: unknown) => report('BatchIsRevoked', error);
        return { results: await batch(checks, (check) => isRevoked(toTokenId(check)), failed, onFailure) };
      }
      // Callers of this form may not know `failure`, and only revoked tokens may be reported as "revoked".
      let fault: unknown;
      const onFailure = (error: unknown) => {
        fault = error;
      };
      const results = await batch(jtis, (jti) => isRevoked({ jti, field: 'jti' }), failed, onFailure);
      if (fault !== undefined) throw fault;
      return { results };
    },

    Introspect: ({ token }: IntrospectRequest__Output, caller: Caller) => introspectFor(caller)(token),

    async BatchIntrospect(
      { tokens }: BatchIntrospectRequest__Output,
      caller: Caller,
      isAbandoned: () => boolean,
    ): Promise<BatchIntrospectResponse> {
      requireCount('tokens', tokens.length, tokenLimits.batchIntrospectTokens, 'tokens');
      const onFailure = (error: unknown) => report('BatchIntrospect', error);
      const turns = { size: tokenLimits.batchIntrospectAtOnce, isAbandoned };
      return { results: await batch(tokens, introspectFor(caller), { active: false }, onFailure, turns) };
    },
  };
}

function requireCount(field: string, count: number, maximum: number, of: string): void {
  if (count === 0 || count > maximum) throw invalidField(field, 'count', `must be 1 to ${maximum} ${of}`);
}

function toTokenId({ jti, kid, externalId, subject }: IsRevokedRequest__Output): TokenId {
  if (externalId === '' && subject.length === 0) {
    const token = { jti, field: 'jti' };
    return kid === '' ? token : { ...token, kid };
  }
  const [field, others] =
    externalId === '' ? (['subject', [jti, kid]] as const) : (['external_id', [jti, kid, subject]] as const);
  if (others.some(({ length }) => length > 0))
    throw invalidField(field, 'exclusive', 'must not be set together with anything else');
  return externalId === '' ? { subject, field } : { externalId, field };
}

/** A token that is remembered has the same claims each time, and so the same answer. */
function createToClaims() {
  const known = new WeakMap<object, IntrospectResponse>();
  return (result: Introspection | EarlierIntrospection): IntrospectResponse => {
    if (!result.active) return notActive;
    const answer = known.get(result.claims) ?? toClaims(result);
    known.set(result.claims, answer);
    return answer;
  };
}

const notActive: IntrospectResponse = { active: false };

function toClaims(
  result: Extract<Introspection | EarlierIntrospection, { active: true }>,
): IntrospectResponse {
  if (!('sid' in result.claims)) {
    const { client_id: clientId, ...claims } = result.claims;
    return { ...claims, active: true, clientId, tokenType: 'Bearer' };
  }
  const { client_id: clientId, auth_time: authTime, amr, roles = [], act, cnf, ...claims } = result.claims;
  const more = { amr: [...amr], roles: [...roles], ...(act === undefined ? {} : { act }), ...boundTo(cnf) };
  return { ...claims, ...more, active: true, clientId, authTime, tokenType: tokenType(cnf?.jkt) };
}

function boundTo(cnf: Confirmation | undefined): Pick<IntrospectResponse, 'cnf'> {
  return cnf === undefined ? {} : { cnf: { jkt: cnf.jkt ?? '', x5tS256: cnf['x5t#S256'] ?? '' } };
}

const decidedBy = {
  bloom: DecidedBy.DECIDED_BY_BLOOM,
  lru: DecidedBy.DECIDED_BY_LRU,
  redis: DecidedBy.DECIDED_BY_REDIS,
  postgres: DecidedBy.DECIDED_BY_POSTGRES,
} as const;

/** One verdict is nearly always given, and is the same object each time. */
function createToResponse() {
  const known = new WeakMap<Verdict, IsRevokedResponse>();
  return (verdict: Verdict): IsRevokedResponse => {
    const response = known.get(verdict) ?? toResponse(verdict);
    known.set(verdict, response);
    return response;
  };
}

function toResponse(verdict: Verdict): IsRevokedResponse {
  return {
    revoked: verdict.revoked,
    reason: verdict.revoked ? toReason(verdict.reason) : Reason.REASON_UNSPECIFIED,
    decidedBy: decidedBy[verdict.decidedBy],
  };
}
