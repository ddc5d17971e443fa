/** Signing keys and rings of them, without a store. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import { keyPolicy } from '../../src/keys/keyPolicy.ts';
import { createKeyRing } from '../../src/keys/keyRing.ts';
import { generateSigningKey } from '../../src/keys/signingKey.ts';
import type { SigningKeyState, StoredSigningKey } from '../../src/keys/store.ts';
import { createSealing } from '../../src/platform/sealing.ts';

const minute = 60_000;

/** Of the default settings. */
export const usualPolicy = keyPolicy({
  rotationIntervalMs: 30 * 24 * 60 * minute,
  jwksMaxAgeMs: 5 * minute,
  accessTtlMs: 15 * minute,
});

/** A row in any state; `at` is when it was made, and began to sign. */
export async function aSigningKey(
  state: SigningKeyState,
  sealing = createSealing(randomBytes(32)),
  at = Date.now(),
): Promise<StoredSigningKey> {
  const about = { createdAt: at, publishedAt: at, tokenLifetimeMs: 15 * minute, cacheMs: 6 * minute };
  const key = await generateSigningKey({ ...about, state }, sealing);
  return { ...key, activatedAt: state === 'next' ? undefined : at };
}

/** A ring with one key, which signs. */
export async function openRing() {
  const sealing = createSealing(randomBytes(32));
  const keyRing = createKeyRing({
    sealing,
    clock: { monotonic: () => 0, now: () => 0 },
    policy: usualPolicy,
  });
  keyRing.adopt([await aSigningKey('active', sealing, systemClock.now())], { monotonic: 0, wall: 0 });
  return keyRing;
}
