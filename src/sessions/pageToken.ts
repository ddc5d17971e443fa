/** Where a page of sessions begins, as callers carry it from one page to the next: opaque to them. */
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';
import { invalidField } from '@countersign/verifier/errors';
import { type SessionId, uuidBytes, uuidFromBytes } from '@countersign/verifier/ids';

const uuidLength = 16;

/** The token of the page after this session. */
export function pageTokenAfter(last: SessionId): string {
  return encodeBase64url(uuidBytes(last));
}

/** Throws `invalid_request` naming `page_token`. */
export function readPageToken(token: string): SessionId {
  const bytes = decodeBase64url(token);
  if (bytes?.length !== uuidLength)
    throw invalidField('page_token', 'format', 'is not a token of an earlier page');
  return uuidFromBytes(bytes) as SessionId;
}
