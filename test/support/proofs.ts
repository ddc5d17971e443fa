/** A client with a key of its own that proves it (RFC 9449), well or badly. */
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { type PublicJwk, thumbprintOf } from '@countersign/verifier/tokens/publicKey';

export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  readonly token?: string | undefined;
  readonly nonce?: string | undefined;
}

export interface Bent {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signedBy?: KeyObject;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

export function aProver(now: () => number = Date.now) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' }) as unknown as PublicJwk;
  /** `undefined` in `bent` leaves a member out. */
  const proof = ({ method, url, token, nonce }: ProofRequest, bent: Bent = {}): string => {
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk, ...bent.header };
    const claims = {
      ...{ jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now() / 1000), nonce },
      ...(token === undefined ? {} : { ath: hashOf(token) }),
      ...bent.claims,
    };
    const signed = `${encode(header)}.${encode(claims)}`;
    const key = { key: bent.signedBy ?? privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };
  return {
    ...{ jwk, privateKey, jkt: thumbprintOf(jwk), proof },
    /** Headers of a request that is sent with a bound token. */
    headers(request: ProofRequest & { readonly token: string }) {
      return { authorization: `DPoP ${request.token}`, dpop: proof(request) };
    },
  };
}

export type Prover = ReturnType<typeof aProver>;
