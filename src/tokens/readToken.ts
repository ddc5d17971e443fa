/**
 * Reads a presented access token, for every operation that takes one. An unknown key or audience may be newer than what this node
 * knows, so it looks again before the token is refused.
 */

import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { AccessTokenReader, ReadToken } from '@countersign/verifier/tokens/accessTokenReader';
import type { RingKeeper } from '../keys/ringKeeper.ts';
import type { KnownAudiences } from '../rights/knownAudiences.ts';
import type { EarlierTokens } from './earlierIssuers/earlierTokens.ts';

export interface ReadingParts {
  readonly accessTokenReader: AccessTokenReader;
  readonly ringKeeper: Pick<RingKeeper, 'lookAgain'>;
  readonly audiences: Pick<KnownAudiences, 'lookAgain'>;
  /** The time by which expiry is judged. */
  readonly latestTime: ReadTime;
  readonly denyList: Pick<DenyList, 'check'>;
  /** Undefined without earlier issuers. */
  readonly earlierTokens?: EarlierTokens | undefined;
}

/** Verifies the token without checking revocation. Returns at once for a known key. Rejects with `unavailable`. */
export function readToken(parts: ReadingParts, token: string): ReadToken | Promise<ReadToken> {
  const read = parts.accessTokenReader.read(token, parts.latestTime());
  if (read.valid) return read;
  if (read.fault === 'audience') return readWithNewAudience(parts, token);
  // An earlier issuer's key will not be in our ring.
  if (read.fault !== 'unknown_key' || parts.earlierTokens?.isForeign(token) === true) return read;
  return readWithNewKey(parts, token, read);
}

async function readWithNewKey(parts: ReadingParts, token: string, read: ReadToken): Promise<ReadToken> {
  const { accessTokenReader, ringKeeper, latestTime } = parts;
  return (await ringKeeper.lookAgain()) ? accessTokenReader.read(token, latestTime()) : read;
}

async function readWithNewAudience(
  { accessTokenReader, audiences, latestTime }: ReadingParts,
  token: string,
): Promise<ReadToken> {
  await audiences.lookAgain();
  return accessTokenReader.read(token, latestTime());
}

/**
 * For callers that accept revoked tokens, such as a repeated logout. Tokens of revoked keys are still refused: others may be able
 * to forge them.
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
