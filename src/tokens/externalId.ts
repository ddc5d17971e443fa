/**
 * Ids of tokens that an earlier system issued, which have no `jti` of ours or none at all: any text that names one token and
 * does not change with its spelling, such as that system's own `jti`. They enter the deny-list as a hash.
 */
import { createHash } from 'node:crypto';
import { limits } from '../core/limits.ts';

/** As many as a jti of ours has, so that the deny-list knows one kind of token. */
const subjectBytes = 27;
const domain = 'countersign external id\0';

/** Undefined when it is empty or too long. */
export function externalSubject(id: string): Uint8Array | undefined {
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > limits.externalIdBytes) return undefined;
  return createHash('sha256').update(domain).update(id).digest().subarray(0, subjectBytes);
}
