/** Page tokens: where a page of sessions begins. Opaque to callers. */
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { invalidField } from '@countersign/verifier/errors';
import { type SessionId, uuidBytes, uuidFromBytes } from '@countersign/verifier/ids';

const uuidLength = 16;

export function pageTokenAfter(last: SessionId): string {
  return encodeBase64url(uuidBytes(last));
}

/** Throws `invalid_request` naming `page_token`. */
export function readPageToken(token: string): SessionId {
  const bytes = decodeBase64url(token);
  if (bytes?.length !== uuidLength)
    throw invalidField('page_token', 'format', 'must be the next_page_token of an earlier page');
  return uuidFromBytes(bytes) as SessionId;
}
