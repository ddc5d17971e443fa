/**
 * A bloom filter of fixed capacity over hashed ids. "No" is certain; "yes" is wrong once in `1 / falsePositives` at capacity
 * (Bloom 1970; double hashing after Kirsch and Mitzenmacher 2006).
 */

/** Two independent 32-bit hashes of an id, computed once for many filters. */
export interface IdHash {
  readonly first: number;
  readonly second: number;
}

export interface BloomFilter {
  readonly capacity: number;
  /** Size of the bit array. */
  readonly bytes: number;
  /** The live bit array, which keeps changing: bit `n` is bit `n % 8`, from the least significant, of byte `n / 8`. */
  readonly bits: Uint8Array;
  count(): number;
  add(hash: IdHash): void;
  mayContain(hash: IdHash): boolean;
}

/** Bits per entry of a full filter (Bloom 1970). */
export function bloomBitsPerEntry(falsePositives: number): number {
  return -Math.log(falsePositives) / Math.LN2 ** 2;
}

/** Number of bits of a filter (a multiple of 32), and bits set per id. */
export function bloomGeometry(capacity: number, falsePositives: number): { bits: number; probes: number } {
  const bitsPerEntry = bloomBitsPerEntry(falsePositives);
  return {
    bits: Math.ceil((capacity * bitsPerEntry) / 32) * 32,
    probes: Math.max(1, Math.round(bitsPerEntry * Math.LN2)),
  };
}

/**
 * `filled` restores a filter made elsewhere: its bytes (bit `n` is bit `n % 8`, from the least significant, of byte `n / 8`) and
 * its number of ids. Copies the bytes. Throws `RangeError` for a wrong length.
 */
export function createBloomFilter(
  capacity: number,
  falsePositives: number,
  filled?: { readonly bytes: Uint8Array; readonly entries: number },
): BloomFilter {
  const { bits, probes } = bloomGeometry(capacity, falsePositives);
  const words = new Int32Array(bits / 32);
  if (filled !== undefined) {
    // In a filter of another size the bits mean something else, and "no" would not be certain.
    if (filled.bytes.length !== words.byteLength) {
      throw new RangeError(`a filter of ${words.byteLength} bytes cannot be made of ${filled.bytes.length}`);
    }
    new Uint8Array(words.buffer).set(filled.bytes);
  }
  // Scales a 32-bit hash to a bit position: faster than a remainder, and reaches every position.
  const scale = bits / 2 ** 32;
  let count = filled?.entries ?? 0;

  return {
    capacity,
    bytes: words.byteLength,
    bits: new Uint8Array(words.buffer),
    count: () => count,

    add({ first, second }) {
      let hash = first;
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = ((hash >>> 0) * scale) | 0;
        words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
        hash = (hash + second) | 0;
      }
      count += 1;
    },

    mayContain({ first, second }) {
      let hash = first;
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = ((hash >>> 0) * scale) | 0;
        if (((words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
        hash = (hash + second) | 0;
      }
      return true;
    },
  };
}

/** Hashes an id's 16 or 27 bytes: MurmurHash3 (x86, 32 bits) with two seeds, in one pass. */
export function hashId(bytes: Uint8Array): IdHash {
  let first = 0x9747b28c;
  let second = 0x5bd1e995;
  const whole = bytes.length & ~3;
  for (let position = 0; position < whole; position += 4) {
    const word = scramble(
      (bytes[position] as number) |
        ((bytes[position + 1] as number) << 8) |
        ((bytes[position + 2] as number) << 16) |
        ((bytes[position + 3] as number) << 24),
    );
    first = mix(first, word);
    second = mix(second, word);
  }
  let rest = 0;
  for (let position = whole; position < bytes.length; position += 1) {
    rest = (rest << 8) | (bytes[position] as number);
  }
  const tail = scramble(rest) ^ bytes.length;
  // Odd, so that steps between probes never become zero.
  return { first: finish(first ^ tail), second: finish(second ^ tail) | 1 };
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function mix(hash: number, word: number): number {
  const mixed = hash ^ word;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
