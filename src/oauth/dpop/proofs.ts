/**
 * Proofs that a client holds a key (DPoP, RFC 9449), at the authority. Owns nonces and the memory of used proofs, over all nodes.
 * Does not own what a proof must be like (`@countersign/verifier`) or what is bound to a key (`sessions/`, `tokens/`).
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { type Proof, type ProofFault, proofFaults, readProof } from '@countersign/verifier/tokens/dpopProof';
import type { FastifyRequest } from 'fastify';
import type { Database } from '../../database.ts';
import type { MountRoutes } from '../../transport/http/app.ts';
import type { ProvedKey } from '../../transport/http/caller.ts';
import { usedIdHash } from '../usedIds.ts';
import { createNonces, type Nonces } from './nonces.ts';

export interface ProofParts {
  readonly database: Pick<Database, 'usedIds'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly keyEncryptionKey: Uint8Array;
  readonly issuer: string;
  /** Where clients connect with certificates. */
  readonly mtlsUrl: string | undefined;
  readonly isNonceRequired: boolean;
}

/** A request header; browsers of other origins may send it. */
export const proofHeader = 'dpop';

export function openProofs(parts: ProofParts) {
  const nonces = createNonces(parts);
  const provedKey: ProvedKey = async (request, accessToken) => {
    const text = request.headers[proofHeader];
    if (text === undefined) return undefined;
    const proof = read(parts, String(text), request, accessToken);
    requireNonce(parts, nonces, proof);
    const { jkt, jti, acceptedUntil } = proof;
    if (!(await parts.database.usedIds.use(usedIdHash('dpop', jkt, jti), acceptedUntil)))
      throw refused('replayed');
    return jkt;
  };
  return { provedKey, offerNonces: offerNonces.bind(undefined, nonces) };
}

function read(
  { issuer, mtlsUrl, clock }: ProofParts,
  text: string,
  { method, url }: FastifyRequest,
  accessToken: string | undefined,
): Proof {
  // Not by the Host header: a proof that was made for another server must not be good here.
  const alias = mtlsUrl && mtlsUrl + url;
  const result = readProof(text, { method, url: issuer + url, alias, accessToken }, clock.now());
  if (!result.valid) throw refused(result.fault);
  return result.proof;
}

/** One that is given is always checked: the client believes it to be good. */
function requireNonce({ isNonceRequired }: ProofParts, nonces: Nonces, { nonce }: Proof): void {
  if (nonce === undefined ? !isNonceRequired : nonces.isGood(nonce)) return;
  throw new AuthorityError('use_dpop_nonce', { reason: nonce === undefined ? 'missing' : 'stale' });
}

function refused(fault: ProofFault): AuthorityError {
  return new AuthorityError('invalid_dpop_proof', { detail: `DPoP: ${proofFaults[fault]}`, reason: fault });
}

/** Every answer to a request with a proof has the nonce for the next (RFC 9449 §8.2), a refusal, too. */
function offerNonces(nonces: Nonces, app: Parameters<MountRoutes>[0]): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.headers[proofHeader] !== undefined) reply.header('dpop-nonce', nonces.current());
    done(null, payload);
  });
}
