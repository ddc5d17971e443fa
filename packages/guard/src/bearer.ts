/** Reads the caller of an HTTP request, for every framework. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { readSentToken } from '@countersign/verifier/tokens/bearerToken';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import type { ProvenRequest, VerifyOptions } from './verify.ts';

/** Passed to the guard for a header without a token, so that it is counted. Its spaces make it invalid. */
const noToken = 'no bearer token';
/** Not a proof: a token that is sent as `DPoP` needs one. */
const noProof = '';

/** Header fields of a request. */
export interface SentFields {
  readonly authorization: string | undefined;
  /** `DPoP`. */
  readonly proof: string | undefined;
}

/**
 * Rejects with `GuardError`. Reads only the Authorization header (RFC 6750 §2.1, RFC 9449 §7.1). `requestOf` is called for a token
 * that is sent as `DPoP`.
 */
export async function verifySent(
  guard: Pick<Guard, 'verify'>,
  { authorization, proof }: SentFields,
  requestOf: () => Omit<ProvenRequest, 'proof'>,
  options: VerifyOptions = {},
): Promise<AccessTokenClaims> {
  const sent = readSentToken(authorization);
  if (sent === 'missing') return guard.verify(undefined, options);
  if (sent === 'malformed') return guard.verify(noToken, options);
  const { scheme, token } = sent;
  if (scheme === 'DPoP')
    return guard.verify(token, { ...options, request: { ...requestOf(), proof: proof ?? noProof } });
  // A proof beside a bearer token: the client means another token than the one that it sends.
  return guard.verify(proof === undefined ? token : noToken, options);
}

/** The certificate of a connection whose TLS ends in this process, as DER; undefined without one, and without TLS. */
export function certificateOf(socket: object): Uint8Array | undefined {
  const { getPeerCertificate } = socket as Partial<TLSSocket>;
  const raw = getPeerCertificate?.call(socket)?.raw as Uint8Array | undefined;
  return raw;
}

/** Several `DPoP` fields are joined by Node.js, and are then no proof. */
export function sentFields(headers: IncomingHttpHeaders): SentFields {
  const { authorization, dpop } = headers;
  return { authorization, proof: dpop === undefined ? undefined : String(dpop) };
}
