/** Judges how a token was sent: one that is bound to a key needs a proof of it, for this request (RFC 9449 §7). */
import type { Clock } from '@countersign/verifier/clock';
import {
  isSentAsBound,
  readProof,
  tokenType,
  type ProvenRequest as VerifierRequest,
} from '@countersign/verifier/tokens/dpopProof';
import type { AccessTokenClaims } from './claims.ts';
import type { GuardErrorCode } from './guardError.ts';
import type { Lacking } from './requirements.ts';
import type { UsedProofs } from './usedProofs.ts';
import type { ProvenRequest } from './verify.ts';

export interface Proofs {
  /**
   * `token`: its text. Undefined for a token that was sent as it must be. Uses the proof up. Throws `TypeError` for a malformed
   * request, which is the service's fault.
   */
  faultOf(
    token: string,
    claims: Pick<AccessTokenClaims, 'cnf'>,
    request: ProvenRequest | undefined,
  ): Lacking | undefined;
}

export function createProofs(clock: Pick<Clock, 'now'>, used: UsedProofs): Proofs {
  const faultOfProof = (jkt: string, request: VerifierRequest, proof: string): Lacking | undefined => {
    const now = clock.now();
    const read = readProof(proof, request, now);
    if (!read.valid) return refused(read.fault);
    if (read.proof.jkt !== jkt) return refused('other_key', 'invalid_token');
    const use = used.use(read.proof, now);
    if (use === 'full') return refused('too_many_proofs', 'unavailable');
    return use === 'again' ? refused('replayed') : undefined;
  };
  return {
    faultOf(accessToken, { cnf }, request) {
      const { proof, ...rest } = checked(request);
      const sent =
        proof === undefined
          ? ({ scheme: 'Bearer', hasProof: false } as const)
          : ({ scheme: 'DPoP', hasProof: true } as const);
      if (!isSentAsBound(cnf !== undefined, sent)) {
        const reason = cnf === undefined ? 'not_bound' : 'bound';
        return { code: 'invalid_token', details: { reason, scheme: tokenType(cnf?.jkt) } };
      }
      if (cnf === undefined || proof === undefined) return undefined;
      return faultOfProof(cnf.jkt, { ...rest, accessToken }, proof);
    },
  };
}

function refused(reason: string, code: GuardErrorCode = 'invalid_dpop_proof'): Lacking {
  return { code, details: { reason, scheme: 'DPoP' } };
}

/** Without a request there is no proof. */
const noRequest: ProvenRequest = { method: '', url: '', proof: undefined };

function checked(request: ProvenRequest | undefined): ProvenRequest {
  if (request === undefined) return noRequest;
  const { method, url, proof } = request;
  if (typeof method !== 'string' || method === '')
    throw new TypeError('request.method: must be the method of the request, such as GET');
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url))
    throw new TypeError('request.url: must be the absolute address of the request, as the client sees it');
  if (proof !== undefined && typeof proof !== 'string')
    throw new TypeError('request.proof: must be the DPoP header, as text');
  return { method, url, proof };
}
