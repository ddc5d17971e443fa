/**
 * Signing keys: ECDSA on P-256 for ES256 (RFC 7518 §3.4). Owns how a key is created, named, sealed and published. Does not own
 * which key signs: that is the ring's.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { StartupError } from '@countersign/verifier/errors';
import { importPublicJwk, keySubject, type PublicJwk } from '@countersign/verifier/tokens/publicKey';
import { calculateJwkThumbprint } from 'jose';
import { type Sealing, UnsealError } from '../platform/sealing.ts';
import type { SigningKeyState, StoredSigningKey } from './store.ts';

export interface SigningKey {
  /** RFC 7638 thumbprint (SHA-256): no key can take another key's name. */
  readonly kid: string;
  readonly state: SigningKeyState;
  readonly publicJwk: PublicJwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** The key's name on the deny-list: a revoked key revokes every token it signed. */
  readonly subject: Uint8Array;
}

/** Creates a key and its row. */
export async function generateSigningKey(
  about: Pick<StoredSigningKey, 'state' | 'createdAt' | 'publishedAt' | 'tokenLifetimeMs' | 'cacheMs'>,
  sealing: Sealing,
): Promise<StoredSigningKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicJwk = importPublicJwk(publicKey.export({ format: 'jwk' }));
  const kid = await calculateJwkThumbprint(publicJwk, 'sha256');
  return {
    ...about,
    kid,
    publicJwk,
    sealedPrivateKey: sealing.seal(privateKey.export({ format: 'der', type: 'pkcs8' }), sealingContext(kid)),
    activatedAt: about.state === 'active' ? about.createdAt : undefined,
    retiringAt: undefined,
    retiredAt: undefined,
    revokedAt: undefined,
  };
}

/** Seals the unchanged key with the current KEY_ENCRYPTION_KEY. Throws `UnsealError` when no configured key opens it. */
export function resealSigningKey(stored: StoredSigningKey, sealing: Sealing): StoredSigningKey {
  const context = sealingContext(stored.kid);
  return {
    ...stored,
    sealedPrivateKey: sealing.seal(sealing.unseal(stored.sealedPrivateKey, context), context),
  };
}

/** Opens a stored key. Throws `StartupError` when it was sealed with another KEY_ENCRYPTION_KEY. */
export function openSigningKey(stored: StoredSigningKey, sealing: Sealing): SigningKey {
  const { kid, state, publicJwk, sealedPrivateKey } = stored;
  try {
    const pkcs8 = sealing.unseal(sealedPrivateKey, sealingContext(kid));
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey);
    // Trust only the sealed half: a writer of the public half could otherwise forge our tokens.
    const { x, y } = importPublicJwk(publicKey.export({ format: 'jwk' }));
    if (x !== publicJwk.x || y !== publicJwk.y)
      throw new UnsealError('its public key is not the one of its private key');
    return { kid, state, publicJwk, publicKey, privateKey, subject: keySubject(kid) };
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new StartupError(
      `KEY_ENCRYPTION_KEY: it does not open signing key ${kid} (${cause.message}). Set the key that this database was created with.`,
      { cause },
    );
  }
}

function sealingContext(kid: string): string {
  return `signing-key/${kid}`;
}
