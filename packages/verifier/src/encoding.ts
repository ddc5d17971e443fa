/** Base64url without padding (RFC 4648 §5, RFC 7515 §2), read strictly. */

export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Decodes base64url; `undefined` for anything but the canonical spelling: other alphabets, padding, white space, and stray low
 * bits in the last character. Node's own decoder accepts all of these, which would give one token many spellings.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
