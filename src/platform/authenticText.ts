/**
 * Authenticated text for places that others can write: only a holder of the key can write text that verifies. Nothing is
 * encrypted. The text is prefixed with 43 characters of base64url: HMAC-SHA-256 over the text and its context.
 */
import { timingSafeEqual } from 'node:crypto';
import { createKeyedHash } from './keyedHash.ts';

export interface AuthenticText {
  /** `about`: the context, known to the reader, such as where it found the text. */
  write(text: string, about: string): string;
  /** Undefined unless written with one of the keys and this context. Takes constant time for any wrong code. */
  read(bytes: Uint8Array, about: string): string | undefined;
}

const codeCharacters = 43;

/** The first key writes; all of them read. Each has 32 bytes. */
export function createAuthenticText(keys: readonly Uint8Array[], purpose: string): AuthenticText {
  const hashes = keys.map((key) => createKeyedHash(key, purpose));
  const [first] = hashes;
  if (first === undefined) throw new RangeError('no key');

  return {
    write: (text, about) => first(about, text).toString('base64url') + text,

    read(bytes, about) {
      if (bytes.length < codeCharacters) return undefined;
      const code = bytes.subarray(0, codeCharacters);
      const text = decodeUtf8(bytes.subarray(codeCharacters));
      if (text === undefined) return undefined;
      const isOurs = hashes.some((hash) =>
        timingSafeEqual(Buffer.from(hash(about, text).toString('base64url')), code),
      );
      return isOurs ? text : undefined;
    },
  };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8, so we did not write it.
    return undefined;
  }
}
