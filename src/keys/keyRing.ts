/**
 * The key ring: every key that signs now or verifies tokens that are still live.
 * Owns the choice of the signing key and the published set. Does not own tokens.
 */
import { createHash, type KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Sealing } from '../core/sealing.ts';
import { generateSigningKey, openSigningKey, type PublicJwk, type SigningKey } from './signingKey.ts';
import type { SigningKeyStore } from './signingKeyStore.ts';

/** A key as the JWKS shows it (RFC 7517 §4). */
export interface PublishedJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

export interface PublishedJwks {
  /** The JSON text that is served, byte for byte. */
  readonly body: string;
  /** A strong entity tag of that text (RFC 9110 §8.8.3). */
  readonly etag: string;
}

export interface KeyRing {
  /** The one key that signs. */
  signer(): { readonly kid: string; readonly privateKey: KeyObject };
  /** The public key of this name, if its tokens may still be live. */
  verifier(kid: string): KeyObject | undefined;
  jwks(): PublishedJwks;
  /** True when this start made the first key. */
  readonly createdFirstKey: boolean;
}

/**
 * Loads the ring, and makes its first key when there is none. Nodes that start together make one: the store accepts
 * a single active key, and whoever comes second uses it.
 * Throws `StartupError` when KEY_ENCRYPTION_KEY is not the one the keys were sealed with.
 */
export async function openKeyRing(parts: {
  store: SigningKeyStore;
  sealing: Sealing;
  clock: Clock;
}): Promise<KeyRing> {
  const { store, sealing, clock } = parts;
  let stored = await store.load();
  let createdFirstKey = false;
  if (!stored.some(({ state }) => state === 'active')) {
    createdFirstKey = await store.insert(await generateSigningKey('active', sealing, clock.now()));
    stored = await store.load();
  }
  const keys = new Map(stored.map((row) => [row.kid, openSigningKey(row, sealing)]));
  const active = [...keys.values()].find(({ state }) => state === 'active');
  if (active === undefined) throw new Error('the key ring has no active key');
  const published = publish([...keys.values()]);

  return {
    signer: () => active,
    verifier: (kid) => keys.get(kid)?.publicKey,
    jwks: () => published,
    createdFirstKey,
  };
}

function publish(keys: readonly SigningKey[]): PublishedJwks {
  const jwks = {
    keys: keys
      .toSorted((one, other) => (one.kid < other.kid ? -1 : 1))
      .map(({ kid, publicJwk }): PublishedJwk => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })),
  };
  const body = JSON.stringify(jwks);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
