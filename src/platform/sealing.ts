/**
 * Sealing: secrets at rest, encrypted with KEY_ENCRYPTION_KEY: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. Layout:
 * version (1) ‖ id of the sealing key (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16). The context (kind and owner) is authenticated, so
 * that a sealed value cannot be moved to another row.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const version = 1;
const headerBytes = 5;
const nonceBytes = 12;
const tagBytes = 16;

export interface Sealing {
  /** The first bytes of every value sealed now; any other value was sealed with another key. */
  readonly header: Uint8Array;
  seal(plaintext: Uint8Array, context: string): Buffer;
  /** Throws `UnsealError` when the value was sealed with another key or context, or was changed. */
  unseal(sealed: Uint8Array, context: string): Buffer;
}

export class UnsealError extends Error {
  override readonly name = 'UnsealError';
}

/** `key` seals and opens; `others` only open. Each has 32 bytes. */
export function createSealing(key: Uint8Array, others: readonly Uint8Array[] = []): Sealing {
  const header = headerOf(key);
  const keys = new Map([...others, key].map((each) => [headerOf(each).toString('hex'), each]));

  return {
    header,

    seal(plaintext, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([header, nonce, ciphertext, cipher.getAuthTag()]);
    },

    unseal(sealed, context) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      if (bytes.length < headerBytes + nonceBytes + tagBytes || bytes[0] !== version) {
        throw new UnsealError('not a sealed value of a known version');
      }
      const sealedWith = bytes.subarray(0, headerBytes);
      const opening = keys.get(sealedWith.toString('hex'));
      if (opening === undefined) throw new UnsealError('sealed with another KEY_ENCRYPTION_KEY');
      const nonce = bytes.subarray(headerBytes, headerBytes + nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', opening, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.concat([sealedWith, Buffer.from(context)]));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(headerBytes + nonceBytes, -tagBytes)),
          decipher.final(),
        ]);
      } catch (cause) {
        throw new UnsealError('the sealed value was changed or belongs elsewhere', { cause });
      }
    },
  };
}

function headerOf(key: Uint8Array): Buffer {
  const keyId = createHash('sha256').update('countersign/sealing-key/').update(key).digest().subarray(0, 4);
  return Buffer.concat([Buffer.from([version]), keyId]);
}
