/**
 * Reading an access token that somebody presents, for every flow that takes one. A key that this node does not know may be
 * newer than its ring, so the ring is looked at again, within limits, before the token is refused.
 */

import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { AccessTokenReader, ReadToken } from '@countersign/verifier/tokens/accessTokenReader';
import type { RingKeeper } from '../keys/ringKeeper.ts';

export interface ReadingParts {
  readonly accessTokenReader: AccessTokenReader;
  readonly ringKeeper: Pick<RingKeeper, 'lookAgain'>;
  /** By which expiry is judged. */
  readonly latestTime: ReadTime;
  readonly denyList: Pick<DenyList, 'check'>;
}

/**
 * Whether the token is well made; whether it has been revoked is not asked. At once when its key is known. Rejects with
 * `unavailable`.
 */
export function readToken(parts: ReadingParts, token: string): ReadToken | Promise<ReadToken> {
  const read = parts.accessTokenReader.read(token, parts.latestTime());
  return read.valid || read.fault !== 'unknown_key' ? read : readAgain(parts, token, read);
}

async function readAgain(parts: ReadingParts, token: string, read: ReadToken): Promise<ReadToken> {
  const { accessTokenReader, ringKeeper, latestTime } = parts;
  return (await ringKeeper.lookAgain()) ? accessTokenReader.read(token, latestTime()) : read;
}

/**
 * For who acts on what a token says although it may be revoked, as a repeated logout does: a token of a revoked key says
 * nothing, since others may be able to make one.
 */
export async function readGenuineToken(
  parts: ReadingParts,
  token: string,
): Promise<ReadToken | { readonly valid: false; readonly fault: 'revoked' }> {
  const read = await readToken(parts, token);
  if (!read.valid) return read;
  const { revoked } = await parts.denyList.check([read.keySubject]);
  return revoked ? { valid: false, fault: 'revoked' } : read;
}
