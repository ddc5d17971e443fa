/** Verifies a password against a hash of ours or of another system, off the event loop. */
import { createCipheriv, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify } from '@node-rs/argon2';
import { compare } from 'bcrypt';
import { loginLimits } from '../limits.ts';
import { type Digest, type Pbkdf2Hash, readHash, type ScryptHash } from './importedHash.ts';

/** Rejects for a malformed hash. */
export async function verifyHash(stored: string, password: string): Promise<boolean> {
  const hash = readHash(stored);
  switch (hash.kind) {
    case 'argon2':
      return verify(stored, password);
    case 'bcrypt':
      // Compares the first 72 bytes, as every bcrypt does.
      return compare(password, hash.text);
    case 'scrypt':
      return timingSafeEqual(await scryptOf(hash, password, hash.key.length), hash.key);
    case 'firebase': {
      const key = await scryptOf(hash, password, firebaseKeyBytes);
      const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(firebaseIvBytes));
      return isEqual(cipher.update(hash.signerKey), hash.key);
    }
    case 'pbkdf2':
      return verifyPbkdf2(hash, password);
  }
}

const firebaseKeyBytes = 32;
const firebaseIvBytes = 16;

const digestBytes: Readonly<Record<Digest, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** A key longer than the digest has several blocks, each as costly as the first, which alone decides for a guesser, too. */
async function verifyPbkdf2({ digest, iterations, salt, key }: Pbkdf2Hash, password: string) {
  const first = key.subarray(0, digestBytes[digest]);
  return timingSafeEqual(await promisify(pbkdf2)(password, salt, iterations, first.length, digest), first);
}

function scryptOf({ N, r, p, salt }: ScryptHash, password: string, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: loginLimits.importedScryptAllBytes };
    scrypt(password, salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
