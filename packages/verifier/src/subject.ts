import { createHash } from 'node:crypto';

/** The length of our jtis, so that the deny-list has one kind of token. */
const hashedSubjectBytes = 27;

/** The deny-list subject of a foreign id: the first bytes of SHA-256 over domain, a zero byte and text. */
export function hashedSubject(domain: string, text: string): Uint8Array {
  const hash = createHash('sha256').update(`${domain}\0`).update(text).digest();
  return hash.subarray(0, hashedSubjectBytes);
}
