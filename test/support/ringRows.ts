/** Rows of signing keys without any cryptography, for tests of the rules of rotation. */
import type { KnownRing } from '../../src/keys/rotation.ts';
import type { SigningKeyState, StoredSigningKey } from '../../src/keys/store.ts';

export const minute = 60_000;
export const day = 24 * 60 * minute;

/** What a row is when nothing else is said: of an hour ago, with the promises of the default settings. */
export function keyRow(
  kid: string,
  state: SigningKeyState,
  more: Partial<StoredSigningKey> = {},
): StoredSigningKey {
  return {
    kid,
    state,
    publicJwk: { kty: 'EC', crv: 'P-256', x: kid, y: kid },
    sealedPrivateKey: Buffer.from(`private ${kid}`),
    createdAt: 0,
    publishedAt: 0,
    activatedAt: undefined,
    retiringAt: undefined,
    retiredAt: undefined,
    revokedAt: undefined,
    tokenLifetimeMs: 15 * minute,
    cacheMs: 6 * minute + 10_000,
    ...more,
  };
}

/** A ring that this node has always had in its own, unless told otherwise. */
export function ringAt(
  now: number,
  keys: readonly StoredSigningKey[],
  seenMs: KnownRing['seenMs'] = () => Number.POSITIVE_INFINITY,
): KnownRing {
  return { now, keys, seenMs };
}

/** A ring in one line, such as `a active, n next`. */
export function inWords(keys: readonly Pick<StoredSigningKey, 'kid' | 'state'>[]): string {
  return keys.map(({ kid, state }) => `${kid} ${state}`).join(', ');
}
