/**
 * Password hashes of other systems: the forms that are understood, and what one may cost. Does not own verifying
 * (`verifyHash.ts`) or our own parameters (`passwordHash.ts`).
 */
import { invalidField } from '@countersign/verifier/errors';
import { loginLimits } from '../limits.ts';

export type Digest = 'sha1' | 'sha256' | 'sha512';

export type ReadHash =
  /** PHC string of argon2id or argon2i, which its library reads. */
  | { readonly kind: 'argon2' }
  /** In the spelling `$2b$`: the three versions differ only in faults of old implementations. */
  | { readonly kind: 'bcrypt'; readonly text: string }
  | Pbkdf2Hash
  | (ScryptHash & { readonly kind: 'scrypt' })
  /** Firebase's: what scrypt returns encrypts the project's key, and the result is the hash. */
  | (ScryptHash & { readonly kind: 'firebase'; readonly signerKey: Buffer });

export interface Pbkdf2Hash {
  readonly kind: 'pbkdf2';
  readonly digest: Digest;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

export interface ScryptHash {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

type Groups = Readonly<Record<string, string>>;

interface Form {
  readonly shape: RegExp;
  /** Undefined for what its verifier would refuse. Throws `TooCostly`. */
  readonly read: (groups: Groups, text: string) => ReadHash | undefined;
}

/** Base64 with or without padding. Passlib writes a dot for the plus. No length is one more than a multiple of four. */
const base64 = (name: string) => `(?<${name}>(?:[A-Za-z0-9+/.]{4})*[A-Za-z0-9+/.]{2,4})={0,2}`;
/** As PHC strings have it, whose library refuses all else. */
const plainBase64 = (name: string) => `(?<${name}>[A-Za-z0-9+/]+)`;
/** The last character of salt and key has bits that no hasher sets: it would compare them and find another hash. */
const bcryptText = '[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]';
const number = (name: string) => `(?<${name}>[1-9][0-9]{0,9})`;
const form = (shape: string, read: Form['read']): Form => ({ shape: new RegExp(`^${shape}$`), read });

const forms: readonly Form[] = [
  form(
    `\\$argon2id?\\$v=(?:16|19)\\$m=${number('m')},t=${number('t')},p=${number('p')}\\$${plainBase64('salt')}\\$${plainBase64('key')}`,
    readArgon2,
  ),
  form(`\\$2[aby]\\$(?<cost>0[4-9]|[12][0-9]|3[01])\\$${bcryptText}`, readBcrypt),
  form(
    `\\$scrypt\\$ln=${number('ln')},r=${number('r')},p=${number('p')}\\$${base64('salt')}\\$${base64('key')}`,
    (groups) => {
      const hash = readScrypt(groups, bytesOf(groups['salt']));
      return hash && { kind: 'scrypt', ...hash };
    },
  ),
  form(
    `\\$fbscrypt\\$v=1,n=${number('ln')},r=${number('r')},p=${number('p')}(?:,ss=${base64('separator')})?,sk=${base64('signer')}\\$${base64('salt')}\\$${base64('key')}`,
    readFirebase,
  ),
  form(
    `\\$pbkdf2-(?<digest>sha1|sha256|sha512)\\$(?:i=)?${number('i')}\\$${base64('salt')}\\$${base64('key')}`,
    (groups) => readPbkdf2(groups, bytesOf(groups['salt'])),
  ),
  // Django's: the salt is text.
  form(
    `pbkdf2_(?<digest>sha1|sha256|sha512)\\$${number('i')}\\$(?<salt>[!-#%-~]+)\\$${base64('key')}`,
    (groups) => readPbkdf2(groups, Buffer.from(groups['salt'] ?? '')),
  ),
];

/** Throws `invalid_request` for `field` when the form is not one of these, or verifying would cost too much. */
export function readHash(text: string, field = 'password_hash'): ReadHash {
  if (text.length > loginLimits.importedHashCharacters)
    throw invalidField(field, 'size', `must have at most ${loginLimits.importedHashCharacters} characters`);
  for (const { shape, read } of forms) {
    const { groups } = shape.exec(text) ?? {};
    if (groups === undefined) continue;
    if (groups['key'] !== undefined && !isKey(bytesOf(groups['key']))) break;
    const hash = refusing(field, () => read(groups as Groups, text));
    if (hash === undefined) break;
    return hash;
  }
  throw invalidField(
    field,
    'format',
    'must be a hash of argon2id, argon2i, bcrypt, scrypt or PBKDF2 (docs/migrate.md has the forms)',
  );
}

/** Whether our own hasher may have made it; it hashes passwords in their normal form. */
export function isOwnForm(text: string): boolean {
  return text.startsWith('$argon2');
}

class TooCostly extends Error {}

function refusing<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TooCostly) throw invalidField(field, 'cost', error.message);
    throw error;
  }
}

function requireAtMost(name: string, value: number, most: number): void {
  if (value > most) throw new TooCostly(`must have ${name} of at most ${most}; given ${value}`);
}

function readArgon2({ m, t, p, salt = '', key = '' }: Groups): ReadHash | undefined {
  requireAtMost('m (KiB)', Number(m), loginLimits.importedArgon2Kibibytes);
  requireAtMost('m × t', Number(m) * Number(t), loginLimits.importedArgon2Work);
  requireAtMost('p', Number(p), loginLimits.importedArgon2Lanes);
  // RFC 9106 §3.1: 8 KiB a lane, and a salt of eight bytes.
  if (Number(m) < 8 * Number(p) || bytesOf(salt).length < 8) return undefined;
  return isExact(salt) && isExact(key) ? { kind: 'argon2' } : undefined;
}

function readBcrypt({ cost }: Groups, text: string): ReadHash {
  requireAtMost('a cost', Number(cost), loginLimits.importedBcryptCost);
  return { kind: 'bcrypt', text: `$2b$${text.slice(4)}` };
}

function readScrypt({ ln, r, p, key }: Groups, salt: Buffer): ScryptHash | undefined {
  requireAtMost('log2 N', Number(ln), loginLimits.importedScryptLogN);
  const N = 2 ** Number(ln);
  requireAtMost('128 × N × r (bytes)', 128 * N * Number(r), loginLimits.importedScryptBytes);
  requireAtMost('N × r × p', N * Number(r) * Number(p), loginLimits.importedScryptWork);
  const all = 128 * Number(r) * (N + 2 + Number(p));
  requireAtMost('128 × r × (N + 2 + p) (bytes)', all, loginLimits.importedScryptAllBytes);
  // RFC 7914 §2.
  if (Number(ln) >= 16 * Number(r)) return undefined;
  return { N, r: Number(r), p: Number(p), salt, key: bytesOf(key) };
}

function readFirebase(groups: Groups): ReadHash | undefined {
  const salt = Buffer.concat([bytesOf(groups['salt']), bytesOf(groups['separator'])]);
  const hash = readScrypt(groups, salt);
  const signerKey = bytesOf(groups['signer']);
  // The hash is the signer key, encrypted.
  return hash?.key.length === signerKey.length ? { kind: 'firebase', ...hash, signerKey } : undefined;
}

function readPbkdf2({ digest, i, key }: Groups, salt: Buffer): ReadHash {
  requireAtMost('iterations', Number(i), loginLimits.importedPbkdf2Iterations);
  return { kind: 'pbkdf2', digest: digest as Digest, iterations: Number(i), salt, key: bytesOf(key) };
}

function bytesOf(text = ''): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

/** Without padding, and with no bits that are lost. */
function isExact(base64: string): boolean {
  return bytesOf(base64).toString('base64').replace(/=+$/, '') === base64;
}

/** A shorter one could match by chance; a longer one is none. */
function isKey({ length }: Buffer): boolean {
  return length >= loginLimits.importedKeyLeastBytes && length <= loginLimits.importedKeyBytes;
}
