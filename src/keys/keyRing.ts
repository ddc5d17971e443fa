/**
 * This node's key ring: every key that signs, will sign, or verifies tokens that may be live. Owns which key signs, which verify
 * and what is published. Does not own when keys change (`rotation.ts`) or when the ring is reloaded (`ringKeeper.ts`).
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, elapsedSince, type Moment } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Verifier } from '@countersign/verifier/tokens/publicKey';
import type { Sealing } from '../platform/sealing.ts';
import { type PublishedJwks, publish } from './jwks.ts';
import type { KeyPolicy } from './keyPolicy.ts';
import { openSigningKey, type SigningKey } from './signingKey.ts';
import type { StoredSigningKey } from './store.ts';

export interface Signer {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The key's name on the deny-list. */
  readonly subject: Uint8Array;
}

export interface KeyRing {
  /** The key that signs. Throws `unavailable` when the ring is too old: another key may sign by now. */
  signer(): Signer;
  /**
   * The key of this name, if its tokens may be live. Throws `unavailable` when the ring is so old that the deny-list may already
   * have dropped the key's revocation.
   */
  verifier(kid: string): Verifier | undefined;
  /** Throws `unavailable` as `verifier` does: others must not go on using a revoked key either. */
  jwks(): PublishedJwks;
  /** False when others should not cache `jwks` and this node should not sign. */
  upToDate(): boolean;
  /** Since the last read of the store. */
  ageMs(): number;
  size(): number;
  /**
   * Takes over the keys the store had at `askedAt`. Throws `StartupError`, without a change, when KEY_ENCRYPTION_KEY does not
   * open them.
   */
  adopt(keys: readonly StoredSigningKey[], askedAt: Moment): void;
}

interface Contents {
  readonly askedAt: Moment;
  readonly keys: ReadonlyMap<string, SigningKey>;
  readonly active: SigningKey | undefined;
  readonly published: PublishedJwks;
}

export function createKeyRing(parts: {
  sealing: Sealing;
  clock: Pick<Clock, 'monotonic' | 'now'>;
  policy: KeyPolicy;
}): KeyRing {
  const { sealing, clock, policy } = parts;
  let contents: Contents = {
    askedAt: { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY },
    keys: new Map(),
    active: undefined,
    published: publish([]),
  };
  const ageMs = () => clock.monotonic() - contents.askedAt.monotonic;
  const believe = () => {
    if (ageMs() > verifierLimits.keyRingBelievedMilliseconds) throw outOfDate();
  };
  const upToDate = () =>
    contents.active !== undefined && elapsedSince(contents.askedAt, clock) <= policy.ringAgeMs;

  /** Cached: unsealing is slow, and the sealed key under a name never changes. */
  const open = (row: StoredSigningKey): SigningKey => {
    const known = contents.keys.get(row.kid);
    return known === undefined ? openSigningKey(row, sealing) : { ...known, state: row.state };
  };

  return {
    signer() {
      if (contents.active === undefined || !upToDate()) throw outOfDate();
      return contents.active;
    },

    verifier(kid) {
      believe();
      return contents.keys.get(kid);
    },

    jwks() {
      believe();
      return contents.published;
    },

    upToDate,
    ageMs,
    size: () => contents.keys.size,

    adopt(rows, askedAt) {
      if (askedAt.monotonic < contents.askedAt.monotonic) return;
      const keys = new Map(rows.map((row) => [row.kid, open(row)]));
      const active = [...keys.values()].find(({ state }) => state === 'active');
      contents = { askedAt, keys, active, published: publish([...keys.values()], contents.published) };
    },
  };
}

function outOfDate(): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'key_ring_out_of_date' });
}
