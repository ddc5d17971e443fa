/** Is the token with this `jti`, or its session, revoked? Answered from memory unless a bloom hit has to be confirmed. */
import { invalidField } from '../core/errors.ts';
import type { DenyList, Verdict } from '../revocation/denyList.ts';
import { jtiCharacters, parseJti } from '../tokens/jti.ts';

/**
 * `field` names the id in the refusal of a malformed one. Answers at once where memory decides, else as a promise.
 * Throws or rejects with `unavailable` when it cannot be answered safely; never answers "not revoked" instead.
 */
export type CheckRevocation = (jti: string, field: string) => Verdict | Promise<Verdict>;

export function createCheckRevocation(parts: { denyList: DenyList }): CheckRevocation {
  return (text, field) => {
    const jti = parseJti(text);
    if (jti === undefined) {
      throw invalidField(
        field,
        'format',
        `must be ${jtiCharacters} characters of base64url, the jti of one of our tokens`,
      );
    }
    return parts.denyList.check(jti.subjects);
  };
}
