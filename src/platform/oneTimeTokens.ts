/**
 * One-time tokens: a login under way, a link in a mail. Owns their form, expiry and single use, and codes that belong to one. Does
 * not own what they allow: the purpose says which operation takes them. The store holds only hashes.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import type { UserId } from '@countersign/verifier/ids';
import { platformLimits } from './limits.ts';

export interface OneTimeToken {
  readonly hash: Uint8Array;
  /** The operation that takes it, such as `login` or `email_proof`. */
  readonly purpose: string;
  /** Undefined for an address that nobody has; the token looks the same. */
  readonly userId: UserId | undefined;
  /** Keyed hash of the code that was sent, if one was. */
  readonly codeHash: Uint8Array | undefined;
  /** Codes that were tried, this one included. */
  readonly tries: number;
  /** What the operation needs to continue. Never a secret: it is stored as it is. */
  readonly detail: OneTimeDetail;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface OneTimeDetail {
  readonly [member: string]: OneTimeValue;
}
type OneTimeValue = string | number | boolean | null | readonly OneTimeValue[] | OneTimeDetail;

/** Only unexpired tokens of the purpose are found. */
export interface OneTimeTokenStore {
  create(token: OneTimeToken): Promise<void>;
  find(hash: Uint8Array, purpose: string, now: number): Promise<OneTimeToken | undefined>;
  /** The user's newest one, for a code that comes without the token. */
  findOfUser(userId: UserId, purpose: string, now: number): Promise<OneTimeToken | undefined>;
  /** Deletes it and returns it: of several callers, one gets it. */
  take(hash: Uint8Array, purpose: string, now: number): Promise<OneTimeToken | undefined>;
  /** Counts a try at the code before the code is compared. Undefined when there were `most` tries. */
  tryCode(hash: Uint8Array, purpose: string, most: number, now: number): Promise<OneTimeToken | undefined>;
  /** Replaces detail and code; tries start again when there is a new code. It stays until `expiresAt`, if given. False when it is gone. */
  replace(
    hash: Uint8Array,
    change: Pick<OneTimeToken, 'detail' | 'codeHash'> & { readonly expiresAt?: number },
    now: number,
  ): Promise<boolean>;
  /** The user's tokens of the purpose that were created since, with this `template` in the detail. */
  countOfTemplate(userId: UserId, purpose: string, template: string, since: number): Promise<number>;
  /** Deletes tokens of no user whose detail has one of these as `email` or `address`. */
  forgetAddresses(...addresses: readonly string[]): Promise<void>;
  /** Makes the user's tokens of the purpose tokens of nobody, with this hash of no code. They stay until they expire. */
  disown(userId: UserId, purpose: string, codeHash: Uint8Array): Promise<void>;
  /** Deletes the user's tokens of the purpose, or all. */
  forget(userId: UserId, purpose?: string): Promise<void>;
  /** Deletes not-me links of the user that take this back, and were made after `since`. */
  forgetTakingBack(userId: UserId, about: string, since: number): Promise<void>;
  /** Deletes all: after the database was restored to an earlier state. */
  clear(): Promise<void>;
  /** Deletes at most `limit` expired tokens; returns how many. */
  prune(now: number, limit: number): Promise<number>;
}

const prefix = 'ot_';
const randomByteCount = 32;
const shape = /^ot_[A-Za-z0-9_-]{43}$/;

/** `ot_` + base64url of 32 random bytes: 46 characters. Only its hash is stored. */
export function newOneTimeToken(): { readonly token: string; readonly hash: Buffer } {
  const token = prefix + encodeBase64url(randomBytes(randomByteCount));
  return { token, hash: hashOf(token) };
}

/** The SHA-256 of the token, its key in the store; undefined for a malformed token, so that it costs no look-up. */
export function oneTimeTokenHash(token: string): Buffer | undefined {
  if (!shape.test(token) || decodeBase64url(token.slice(prefix.length)) === undefined) return undefined;
  return hashOf(token);
}

/** Six ASCII digits, each combination equally likely. */
export function newCode(): string {
  return String(randomInt(10 ** platformLimits.codeDigits)).padStart(platformLimits.codeDigits, '0');
}

/** Whether the text has the form of a code. Full-width and other digits are none. */
export function isCode(text: string): boolean {
  return /^[0-9]{6}$/.test(text);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
