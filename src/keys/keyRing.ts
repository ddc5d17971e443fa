/**
 * The key ring of this node: every key that signs, will sign, or verifies tokens that may still be live.
 * Owns which key signs, which verify and what is published. Does not own when keys change (`rotation.ts`), nor when the
 * ring is looked at again (`ringKeeper.ts`).
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
  /** Under which the key itself may be on the deny-list. */
  readonly subject: Uint8Array;
}

export interface KeyRing {
  /** The one key that signs. Throws `unavailable` when this node has not looked for so long that it may be another one. */
  signer(): Signer;
  /**
   * The key of this name, if its tokens may still be live. Throws `unavailable` when this node has not looked for so long
   * that a revocation of the key may have been forgotten elsewhere.
   */
  verifier(kid: string): Verifier | undefined;
  /** Throws `unavailable` as `verifier` does: others must not go on with a key that was revoked, either. */
  jwks(): PublishedJwks;
  /** False when others should not keep what `jwks` answers, nor this node sign. */
  upToDate(): boolean;
  /** Since the store was looked at. */
  ageMs(): number;
  size(): number;
  /**
   * Takes up the keys that the store had when it was asked. Throws `StartupError` when KEY_ENCRYPTION_KEY does not open them;
   * then nothing has changed.
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

  /** Unsealing takes a while, and what is sealed under a name never changes. */
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
