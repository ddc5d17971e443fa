/**
 * Recovery codes: each one stands in for a lost second factor, once. Owns their form. People type them, so case, spaces and
 * dashes do not matter, and letters that look like digits count as them (Crockford's base 32).
 */
import { createHash, randomBytes } from 'node:crypto';
import { factorLimits } from './limits.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const bitsOfCharacter = 5;
const characters = (factorLimits.recoveryCodeBytes * 8) / bitsOfCharacter;
const shape = new RegExp(`^[${alphabet}]{${characters}}$`);

export interface RecoveryCode {
  /** In groups with dashes, shown once. */
  readonly text: string;
  readonly hash: Buffer;
}

export function newRecoveryCodes(): readonly RecoveryCode[] {
  return Array.from({ length: factorLimits.recoveryCodes }, () => {
    const { text, typed } = newTypedSecret();
    return { text, hash: hashOf(typed) };
  });
}

/** The key in the store; undefined for a text that is no code. SHA-256 is enough for 120 random bits. */
export function recoveryCodeHash(text: string): Buffer | undefined {
  const typed = asTyped(text);
  return typed === undefined ? undefined : hashOf(typed);
}

/** The one spelling of a secret that people type; undefined for a text that is none. */
export function asTyped(text: string): string | undefined {
  const typed = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return shape.test(typed) ? typed : undefined;
}

/** 120 random bits: in groups with dashes to be shown, and in one spelling. */
export function newTypedSecret(): { readonly text: string; readonly typed: string } {
  let bits = BigInt(`0x${randomBytes(factorLimits.recoveryCodeBytes).toString('hex')}`);
  let code = '';
  for (let at = 0; at < characters; at += 1) {
    code = alphabet.charAt(Number(bits & 31n)) + code;
    bits >>= 5n;
  }
  const groups = code.match(new RegExp(`.{${factorLimits.recoveryCodeGroupCharacters}}`, 'g')) ?? [];
  return { text: groups.join('-'), typed: code };
}

function hashOf(typed: string): Buffer {
  return createHash('sha256').update(typed).digest();
}
