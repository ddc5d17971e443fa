/**
 * Judges how a token was sent: one that is bound to a key needs a proof of it, for this request (RFC 9449 §7); one that is bound to a
 * certificate the connection of that certificate (RFC 8705 §3).
 */
import type { Clock } from '@countersign/verifier/clock';
import { certificateThumbprint, isHolder } from '@countersign/verifier/tokens/confirmation';
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
import type { ProvenRequest, VerifyOptions } from './verify.ts';

export interface Proofs {
  /**
   * `token`: its text. Undefined for a token that was sent as it must be. Uses the proof up. Throws `TypeError` for a malformed
   * request, which is the service's fault.
   */
  faultOf(
    token: string,
    claims: Pick<AccessTokenClaims, 'cnf'>,
    sent: Pick<VerifyOptions, 'request' | 'certificate'>,
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
    faultOf(accessToken, { cnf }, { request, certificate }) {
      const { proof, ...rest } = checked(request);
      const sent =
        proof === undefined
          ? ({ scheme: 'Bearer', hasProof: false } as const)
          : ({ scheme: 'DPoP', hasProof: true } as const);
      if (!isSentAsBound(cnf?.jkt !== undefined, sent)) {
        const reason = cnf?.jkt === undefined ? 'not_bound' : 'bound';
        return { code: 'invalid_token', details: { reason, scheme: tokenType(cnf?.jkt) } };
      }
      if (cnf?.jkt === undefined || proof === undefined)
        return isHolder(cnf, { certificate: thumbprintOf(cnf && certificate) })
          ? undefined
          : otherCertificate;
      return faultOfProof(cnf.jkt, { ...rest, accessToken }, proof);
    },
  };
}

function refused(reason: string, code: GuardErrorCode = 'invalid_dpop_proof'): Lacking {
  return { code, details: { reason, scheme: 'DPoP' } };
}

const otherCertificate: Lacking = { code: 'invalid_token', details: { reason: 'certificate' } };

function thumbprintOf(given: VerifyOptions['certificate']): string | undefined {
  const der = typeof given === 'function' ? given() : given;
  if (der === undefined) return undefined;
  if (!(der instanceof Uint8Array))
    throw new TypeError('certificate: must be the DER of the certificate of the connection, as bytes');
  return certificateThumbprint(der);
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
