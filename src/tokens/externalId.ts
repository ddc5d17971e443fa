/**
 * Ids of an earlier system's tokens: any text that names one token and has one spelling, such as that system's own `jti`. They
 * enter the deny-list as a hash.
 */

import { hashedSubject } from '@countersign/verifier/subject';
import { tokenLimits } from './limits.ts';

/** U+FFFD replaces bytes that are not UTF-8; ids that differ only there would collide. */
const lostText = /\uFFFD|\p{Surrogate}/u;

/** Undefined when empty, too long or not valid Unicode. */
export function externalSubject(id: string): Uint8Array | undefined {
  if (lostText.test(id)) return undefined;
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > tokenLimits.externalIdBytes) return undefined;
  return hashedSubject('countersign external id', id);
}
