/** Checks whether a token or its session is revoked. Answers from memory unless a filter hit must be confirmed. */
import { invalidField } from '@countersign/verifier/errors';
import type { DenyList, Verdict } from '@countersign/verifier/revocation/denyList';
import { timeOfMark } from '@countersign/verifier/revocation/issuedBefore';
import { sessionSubjectBytes } from '@countersign/verifier/revocation/revocation';
import { type JtiSubjects, jtiBytes, jtiCharacters, readJti } from '@countersign/verifier/tokens/jti';
import { isKid, keySubject } from '@countersign/verifier/tokens/publicKey';
import { externalSubject } from './externalId.ts';
import { tokenLimits } from './limits.ts';

/** The field that an id came in, for errors. */
interface Named {
  readonly field: string;
}

/** With `kid`, a token is also revoked when that key is. */
export type TokenId = Named &
  (
    | { readonly jti: string; readonly kid?: string }
    | { readonly externalId: string }
    /** A subject that hit a subscriber's filter. */
    | { readonly subject: Uint8Array }
  );

/**
 * Returns at once when memory decides, otherwise a promise. Throws or rejects with `unavailable` when no safe answer exists;
 * never answers "not revoked" instead.
 */
export type CheckRevocation = (id: TokenId) => Verdict | Promise<Verdict>;

export function createCheckRevocation(parts: { denyList: Pick<DenyList, 'check'> }): CheckRevocation {
  return (id) => {
    const { subjects, issuedAt } = questionOf(id);
    return parts.denyList.check(subjects, issuedAt);
  };
}

interface Question {
  readonly subjects: readonly Uint8Array[];
  readonly issuedAt?: number | undefined;
}

function questionOf(id: TokenId): Question {
  if ('jti' in id) return ofToken(id);
  if ('subject' in id) return ofSubject(id.subject, id.field);
  return { subjects: ofExternal(id.externalId, id.field) };
}

/** The bytes may be a token or a key's hash: only a mark tells when it was issued. */
function ofSubject(subject: Uint8Array, field: string): Question {
  const issuedAt = timeOfMark(subject);
  if (issuedAt !== undefined) return { subjects: [], issuedAt };
  if (subject.length === sessionSubjectBytes || subject.length === jtiBytes) return { subjects: [subject] };
  throw invalidField(field, 'length', `must have ${sessionSubjectBytes} or ${jtiBytes} bytes`);
}

function ofToken({ jti: text, kid, field }: Extract<TokenId, { jti: string }>): Question {
  const { subjects, issuedAt } = ofJti(text, field);
  return { subjects: kid === undefined ? subjects : [...subjects, ofKey(kid)], issuedAt };
}

function ofKey(kid: string): Uint8Array {
  if (isKid(kid)) return keySubject(kid);
  throw invalidField('kid', 'format', 'must be the kid of one of our keys: 43 characters of base64url');
}

function ofJti(text: string, field: string): JtiSubjects {
  const jti = readJti(text);
  if (jti !== undefined) return jti;
  throw invalidField(
    field,
    'format',
    `must be ${jtiCharacters} characters of base64url, the jti of one of our tokens`,
  );
}

function ofExternal(id: string, field: string): readonly Uint8Array[] {
  const subject = externalSubject(id);
  if (subject !== undefined) return [subject];
  throw invalidField(field, 'length', `must have 1 to ${tokenLimits.externalIdBytes} bytes of UTF-8`);
}
