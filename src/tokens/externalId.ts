/**
 * Ids of tokens that an earlier system issued, which have no `jti` of ours or none at all: any text that names one token and
 * does not change with its spelling, such as that system's own `jti`. They enter the deny-list as a hash.
 */

import { hashedSubject } from '@countersign/verifier/subject';
import { tokenLimits } from './limits.ts';

/** Stands where bytes were no UTF-8; two ids that differ in nothing else would be one. */
const lostText = /\uFFFD|\p{Surrogate}/u;

/** Undefined when it is empty, too long or no text. */
export function externalSubject(id: string): Uint8Array | undefined {
  if (lostText.test(id)) return undefined;
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > tokenLimits.externalIdBytes) return undefined;
  return hashedSubject('countersign external id', id);
}
