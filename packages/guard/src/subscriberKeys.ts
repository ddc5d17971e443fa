/**
 * Keys received on a stream. A `kid` is checked to be the key's thumbprint (RFC 7638), so one name always means one key, and
 * later sets reuse imported keys.
 */
import { createPublicKey } from 'node:crypto';
import { type Clock, elapsedBetween, type Moment, momentOf } from '@countersign/verifier/clock';
import type { PublicKeys__Output } from '@countersign/verifier/contract/generated/countersign/v1/PublicKeys';
import { verifierLimits } from '@countersign/verifier/limits';
import {
  importPublicJwk,
  isKid,
  keySubject,
  thumbprintOf,
  type Verifier,
} from '@countersign/verifier/tokens/publicKey';
import { ProtocolFault } from './rpcError.ts';
import { isCount } from './snapshot.ts';

export type KeySet = ReadonlyMap<string, Verifier>;

/** Reads a JWK Set. Returns the same set for the same text. Throws `ProtocolFault`. */
export type ImportKeys = (jwks: string) => KeySet;

export function createKeyImport(): ImportKeys {
  let lastText: string | undefined;
  let last: KeySet = new Map();
  return (text) => {
    if (text === lastText) return last;
    const imported = new Map(keysOf(text).map((jwk) => importKey(jwk, last)));
    last = imported;
    lastText = text;
    return last;
  };
}

function keysOf(text: string): readonly unknown[] {
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(text) as { keys: unknown });
  } catch {
    throw new ProtocolFault('keys that are no JWK Set');
  }
  if (!Array.isArray(keys) || keys.length === 0) throw new ProtocolFault('keys that are no JWK Set');
  if (keys.length > verifierLimits.publishedKeys) throw new ProtocolFault(`${keys.length} keys`);
  return keys;
}

function importKey(jwk: unknown, known: KeySet): [kid: string, Verifier] {
  try {
    const { kid, alg = 'ES256', use = 'sig' } = jwk as Record<string, unknown>;
    const key = importPublicJwk(jwk);
    if (
      typeof kid !== 'string' ||
      !isKid(kid) ||
      alg !== 'ES256' ||
      use !== 'sig' ||
      kid !== thumbprintOf(key)
    )
      throw new ProtocolFault('a key that is not named by its thumbprint, or is not for ES256');
    const publicKey = known.get(kid)?.publicKey ?? createPublicKey({ key: { ...key }, format: 'jwk' });
    return [kid, known.get(kid) ?? { publicKey, subject: keySubject(kid) }];
  } catch (error) {
    throw error instanceof ProtocolFault ? error : new ProtocolFault(`a key: ${(error as Error).message}`);
  }
}

export interface SubscriberKeys {
  /** Undefined without keys, or when one may have been revoked because they are too old. */
  believed(now?: Moment): KeySet | undefined;
  take(keys: PublicKeys__Output): void;
  /** Number of keys. */
  size(): number;
  /** Infinity without keys. */
  ageMs(): number;
}

export function createSubscriberKeys({
  clock,
  importKeys,
}: {
  clock: Clock;
  importKeys: ImportKeys;
}): SubscriberKeys {
  let keys: KeySet | undefined;
  let lookedAt: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };
  const ageMs = (now: Moment) => elapsedBetween(lookedAt, now);
  return {
    believed: (now = momentOf(clock)) =>
      ageMs(now) <= verifierLimits.keyRingBelievedMilliseconds ? keys : undefined,
    take({ jwks, ageMs: age }) {
      if (!isCount(age)) throw new ProtocolFault('keys of an impossible age');
      keys = importKeys(jwks);
      lookedAt = { monotonic: clock.monotonic() - age, wall: clock.now() - age };
    },
    size: () => keys?.size ?? 0,
    ageMs: () => ageMs(momentOf(clock)),
  };
}
