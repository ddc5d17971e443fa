import { createHash } from 'node:crypto';

/** As many as a jti of ours has, so that the deny-list knows one kind of token. */
const hashedSubjectBytes = 27;

/** The subject on the deny-list of what is no id of ours: the beginning of SHA-256 of domain, a zero byte and text. */
export function hashedSubject(domain: string, text: string): Uint8Array {
  const hash = createHash('sha256').update(`${domain}\0`).update(text).digest();
  return hash.subarray(0, hashedSubjectBytes);
}
