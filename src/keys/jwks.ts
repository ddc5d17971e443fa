import { createHash } from 'node:crypto';
import type { PublicJwk } from '@countersign/verifier/tokens/publicKey';
import type { SigningKey } from './signingKey.ts';

/** A key as the JWKS shows it (RFC 7517 §4). */
export interface PublishedJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

export interface PublishedJwks {
  /** The served JSON text, byte for byte. */
  readonly body: string;
  /** A strong entity tag of that text (RFC 9110 §8.8.3), equal on every node with the same keys. */
  readonly etag: string;
}

/** Returns `previous` when nothing changed, so that a set is built once and served often. */
export function publish(
  keys: readonly Pick<SigningKey, 'kid' | 'publicJwk'>[],
  previous?: PublishedJwks,
): PublishedJwks {
  const jwks = {
    keys: keys
      .toSorted((one, other) => (one.kid < other.kid ? -1 : 1))
      .map(({ kid, publicJwk }): PublishedJwk => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })),
  };
  const body = JSON.stringify(jwks);
  if (body === previous?.body) return previous;
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
