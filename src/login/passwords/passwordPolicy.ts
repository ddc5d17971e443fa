/**
 * The password policy (NIST SP 800-63B-4 §3.1.1.2): long, not easily guessed, no composition rules. Also owns the normal form, so
 * that one password typed on two keyboards is the same. Does not own hashing.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { Email } from '../../accounts/email.ts';
import { loginLimits } from '../limits.ts';
import type { BreachedPasswords } from './breachedPasswords.ts';
import type { CommonPasswords } from './commonPasswords.ts';
import { isOwnForm } from './importedHash.ts';
import { isRepetition, isSequence } from './passwordPatterns.ts';

/** Messages for people; the keys are the error's `rule`. */
const messages = {
  malformed: 'must be well-formed Unicode',
  too_long: `must have at most ${loginLimits.passwordMaximumBytes} bytes`,
  too_short: 'must have at least MINIMUM characters',
  repetition: 'must not repeat a few characters',
  sequence: 'must not be a run of neighbouring characters or keys',
  too_common: 'must not be a very common password, nor two of them joined',
  same_as_email: 'must not be the e-mail address',
  breached: 'has appeared in a public breach',
} as const;

type PasswordRule = keyof typeof messages;

export interface PasswordPolicy {
  /**
   * Returns the password in NFC: hash this text. `field` is its JSON name, `email` the user's address. Throws `password_refused`
   * with the first broken rule, and `unavailable` when the breached passwords cannot be read. Cheap for input of any size; the
   * password is never part of the error.
   */
  check(
    password: string,
    context: { readonly field: 'password' | 'new_password'; readonly email: Email },
  ): Promise<string>;
}

export interface PasswordPolicyParts {
  readonly commonPasswords: CommonPasswords;
  readonly breachedPasswords: BreachedPasswords;
  readonly minimumCharacters: number;
}

export function createPasswordPolicy(parts: PasswordPolicyParts): PasswordPolicy {
  const { minimumCharacters } = parts;
  const refuse = (field: string, rule: PasswordRule) => refusal(field, rule, minimumCharacters);
  return {
    async check(password, { field, email }) {
      const formRule = brokenFormRule(password);
      if (formRule !== undefined) throw refuse(field, formRule);
      const normalised = password.normalize('NFC');
      const rule = brokenRule(normalised, email, parts);
      if (rule !== undefined) throw refuse(field, rule);
      if (await parts.breachedPasswords.includes(normalised)) throw refuse(field, 'breached');
      return normalised;
    },
  };
}

/**
 * The normal form of a password presented at login; `undefined` when no such password can exist: too long or not Unicode. The
 * caller must then answer as for a wrong password, after the same work.
 */
export function normalisePassword(password: string): string | undefined {
  if (brokenFormRule(password) !== undefined) return undefined;
  const normalised = password.normalize('NFC');
  return isTooLong(normalised) ? undefined : normalised;
}

/**
 * The text to verify against `hash`: other systems hashed passwords as they were typed. Undefined as for `normalisePassword`.
 */
export function presentedPassword(password: string, hash: string): string | undefined {
  const normalised = normalisePassword(password);
  return normalised === undefined || isOwnForm(hash) ? normalised : password;
}

/** Checked before normalising. NFC never makes a text four times shorter, so nothing legal is refused. */
function brokenFormRule(password: string): PasswordRule | undefined {
  if (password.length > 4 * loginLimits.passwordMaximumBytes) return 'too_long';
  return /\p{Surrogate}/u.test(password) ? 'malformed' : undefined;
}

function brokenRule(
  password: string,
  email: Email,
  { commonPasswords, minimumCharacters }: PasswordPolicyParts,
): PasswordRule | undefined {
  if (isTooLong(password)) return 'too_long';
  const characters = [...password].map((character) => character.toLowerCase());
  if (characters.length < minimumCharacters) return 'too_short';
  if (isRepetition(characters)) return 'repetition';
  if (isSequence(characters)) return 'sequence';
  if (commonPasswords.includes(password)) return 'too_common';
  return isEmail(password, email) ? 'same_as_email' : undefined;
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(password) > loginLimits.passwordMaximumBytes;
}

/** The address or its local part, ignoring case and width. */
function isEmail(password: string, email: Email): boolean {
  const folded = password.normalize('NFKC').toLowerCase();
  return folded === email || folded === email.slice(0, email.indexOf('@'));
}

function refusal(field: string, rule: PasswordRule, minimumCharacters: number): AuthorityError {
  const message = messages[rule].replace('MINIMUM', String(minimumCharacters));
  return new AuthorityError('password_refused', {
    detail: `${field}: ${message}`,
    errors: [{ field, rule, message }],
  });
}
