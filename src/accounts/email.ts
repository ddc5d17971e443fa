/** E-mail addresses as login names: one spelling each, so that a unique index works. */
import { domainToASCII } from 'node:url';
import { type AuthorityError, invalidField } from '@countersign/verifier/errors';
import { accountLimits } from './limits.ts';

declare const brand: unique symbol;
/** A normalised address; only `normaliseEmail` makes one. */
export type Email = string & { readonly [brand]: 'Email' };

/** White space, controls, bidirectional overrides, lone surrogates, private, unassigned and invisible code points. */
const refused = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]/u;
/** `atext` of RFC 5322 §3.2.3, and anything outside ASCII (RFC 6531 §3.3). Quoted local parts are not supported. */
const localAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u{80}-\u{10FFFF}]+$/u;
const domainLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * NFKC, lower case, and the domain in ASCII (IDNA). Spellings that NFKC or case unify (full width, ligatures, the Kelvin sign)
 * become one address; look-alike letters of different scripts stay different. Idempotent. Throws `invalid_request` with one error
 * for the field `email`.
 */
export function normaliseEmail(text: string): Email {
  // Bounds the input of NFKC. No normal form is four times shorter than its source, so nothing legal is refused.
  if (text.length > 4 * accountLimits.emailBytes) throw tooLong();
  if (refused.test(text))
    throw invalidEmail('characters', 'must not contain white space or invisible characters');
  const folded = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  // Checked again: NFKC creates spaces, for example from a free-standing diaeresis.
  if (refused.test(folded))
    throw invalidEmail('characters', 'must not contain white space or invisible characters');
  const [localPart = '', domainText, ...more] = folded.split('@');
  if (domainText === undefined || more.length > 0) throw invalidEmail('format', 'must have exactly one @');
  checkLocalPart(localPart);
  const email = `${localPart}@${asciiDomain(domainText)}`;
  if (Buffer.byteLength(email) > accountLimits.emailBytes) throw tooLong();
  return email as Email;
}

function checkLocalPart(localPart: string): void {
  if (Buffer.byteLength(localPart) > accountLimits.emailLocalPartBytes) {
    throw invalidEmail('size', `must have at most ${accountLimits.emailLocalPartBytes} bytes before the @`);
  }
  // An empty atom means an empty local part, a dot at either end, or two dots in a row.
  if (!localPart.split('.').every((atom) => localAtom.test(atom))) {
    throw invalidEmail('format', 'must have a plain name before the @, without quotes and stray dots');
  }
}

function asciiDomain(text: string): string {
  // `domainToASCII` reads a URL host: it would cut at a slash and decode percent signs.
  const domain = /[/\\?#%:[\]]/.test(text) ? '' : domainToASCII(text);
  const labels = domain.split('.');
  // A numeric last label makes it an IPv4 address in one of its many spellings (RFC 3696 §2).
  const isName = labels.every((label) => domainLabel.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
  if (!isName) throw invalidEmail('format', 'must have a valid domain name after the @');
  return domain;
}

function tooLong(): AuthorityError {
  return invalidEmail('size', `must have at most ${accountLimits.emailBytes} bytes`);
}

function invalidEmail(rule: 'characters' | 'format' | 'size', message: string): AuthorityError {
  return invalidField('email', rule, message);
}

/** The account a request is about. Undefined for a malformed e-mail, which the operation refuses. */
export function emailIn({ body }: { readonly body: unknown }): string | undefined {
  try {
    return normaliseEmail((body as { email: string }).email);
  } catch {
    return undefined;
  }
}
