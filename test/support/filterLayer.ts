/** A filter as it lies in the shared copy, made by what is documented of it and not by our code. */
import { hashId } from '@countersign/verifier/revocation/bloomFilter';
import type { FilterLayer } from '@countersign/verifier/revocation/projection';

/** For the capacity of 4,096 at one false positive in ten thousand: 13 probes of 19.17 bits for each entry. */
export const layerCapacity = 4_096;
const layerBits = 78_528;
const probes = 13;

/** Each probe goes `second` further round 2^32 and is scaled down to the bits; bit n is bit n % 8 of byte n / 8. */
export function filterLayer(subjects: readonly Uint8Array[], capacity = layerCapacity): FilterLayer {
  const bytes = new Uint8Array(layerBits / 8);
  for (const subject of subjects) {
    const { first, second } = hashId(subject);
    for (let probe = 0n; probe < probes; probe += 1n) {
      const position = BigInt.asUintN(32, BigInt(first) + probe * BigInt(second));
      const bit = Number((position * BigInt(layerBits)) >> 32n);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
    }
  }
  return { capacity, entries: subjects.length, bytes };
}
