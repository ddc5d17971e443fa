/** Is this token, or its session, revoked? Answered from memory unless a bloom hit has to be confirmed. */
import { invalidField } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { isKid, keySubject } from '../keys/publicKey.ts';
import type { DenyList, Verdict } from '../revocation/denyList.ts';
import { externalSubject } from '../tokens/externalId.ts';
import { jtiCharacters, parseJti } from '../tokens/jti.ts';

/** Names the field that an id was given in, for the refusal of a malformed one. */
interface Named {
  readonly field: string;
}

/** With `kid`, a token is also revoked when the key of that name is. */
export type TokenId = Named &
  ({ readonly jti: string; readonly kid?: string } | { readonly externalId: string });

/**
 * Answers at once where memory decides, else as a promise. Throws or rejects with `unavailable` when it cannot be
 * answered safely; never answers "not revoked" instead.
 */
export type CheckRevocation = (id: TokenId) => Verdict | Promise<Verdict>;

export function createCheckRevocation(parts: { denyList: Pick<DenyList, 'check'> }): CheckRevocation {
  return (id) => parts.denyList.check('jti' in id ? ofToken(id) : ofExternal(id.externalId, id.field));
}

function ofToken({ jti, kid, field }: Extract<TokenId, { jti: string }>): readonly Uint8Array[] {
  const subjects = ofJti(jti, field);
  return kid === undefined ? subjects : [...subjects, ofKey(kid)];
}

function ofKey(kid: string): Uint8Array {
  if (isKid(kid)) return keySubject(kid);
  throw invalidField('kid', 'format', 'must be the kid of one of our keys: 43 characters of base64url');
}

function ofJti(text: string, field: string): readonly Uint8Array[] {
  const jti = parseJti(text);
  if (jti !== undefined) return jti.subjects;
  throw invalidField(
    field,
    'format',
    `must be ${jtiCharacters} characters of base64url, the jti of one of our tokens`,
  );
}

function ofExternal(id: string, field: string): readonly Uint8Array[] {
  const subject = externalSubject(id);
  if (subject !== undefined) return [subject];
  throw invalidField(field, 'length', `must have 1 to ${limits.externalIdBytes} bytes`);
}
