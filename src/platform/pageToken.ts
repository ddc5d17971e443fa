/** Page tokens: after which id a page begins. Opaque to callers. */
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { type AuthorityError, invalidField } from '@countersign/verifier/errors';
import { uuidBytes, uuidFromBytes } from '@countersign/verifier/ids';

const uuidLength = 16;

export function pageTokenAfter(last: string): string {
  return encodeBase64url(uuidBytes(last));
}

/** Throws `invalid_request` naming `page_token`. */
export function readPageToken<Id extends string>(token: string): Id {
  const bytes = decodeBase64url(token);
  if (bytes?.length !== uuidLength) throw unknownPageToken();
  return uuidFromBytes(bytes) as Id;
}

export function unknownPageToken(): AuthorityError {
  return invalidField('page_token', 'format', 'must be the next_page_token of an earlier page');
}
