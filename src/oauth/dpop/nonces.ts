/** Nonces for proofs (RFC 9449 §8): a keyed hash of the time. Every node knows those of every other, and nothing is stored. */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import { encodeBase64url } from '@countersign/verifier/encoding';
import { createKeyedHash } from '../../platform/keyedHash.ts';
import { dpopLimits } from './limits.ts';

export interface Nonces {
  current(): string;
  isGood(nonce: string): boolean;
}

const nonceBytes = 16;

/** `keyEncryptionKey`: must be equal on every node. */
export function createNonces({
  keyEncryptionKey,
  clock,
}: {
  readonly keyEncryptionKey: Uint8Array;
  readonly clock: Pick<Clock, 'now'>;
}): Nonces {
  const keyedHash = createKeyedHash(keyEncryptionKey, 'dpop-nonces');
  const step = () => Math.floor(clock.now() / dpopLimits.nonceMilliseconds);
  const nonceOf = (of: number) => encodeBase64url(keyedHash(String(of)).subarray(0, nonceBytes));
  return {
    current: () => nonceOf(step()),
    isGood(nonce) {
      const now = step();
      const given = Buffer.from(nonce);
      // The next one, too: another node's clock may be ahead.
      return [now, now - 1, now + 1].some((each) => {
        const good = Buffer.from(nonceOf(each));
        return given.length === good.length && timingSafeEqual(given, good);
      });
    },
  };
}
