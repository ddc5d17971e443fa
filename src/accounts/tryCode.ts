/** A code that a user with a session types: a try is counted, and committed, before the code is compared. */
import { timingSafeEqual } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { notificationLimits } from '../notifications/limits.ts';
import { isCode, type OneTimeToken } from '../platform/oneTimeTokens.ts';

export interface CodeTry {
  readonly userId: UserId;
  readonly purpose: string;
  readonly code: string;
  readonly now: number;
  /** The keyed hash of a right code. */
  readonly hashOf: (sent: OneTimeToken, code: string) => Uint8Array;
}

/** Returns what was sent last, for its use. Throws `invalid_code`, alike for everything. */
export async function tryCode(
  { oneTimeTokens }: Pick<Database, 'oneTimeTokens'>,
  { userId, purpose, code, now, hashOf }: CodeTry,
): Promise<OneTimeToken> {
  const refused = (reason: string) => new AuthorityError('invalid_code', { reason });
  if (!isCode(code)) throw refused('malformed');
  const found = await oneTimeTokens.findOfUser(userId, purpose, now);
  if (found === undefined) throw refused('unknown');
  const tried = await oneTimeTokens.tryCode(found.hash, purpose, notificationLimits.codeTries, now);
  if (tried === undefined) throw refused('tries');
  if (now >= tried.createdAt + notificationLimits.codeMilliseconds) throw refused('expired');
  const { codeHash: sent } = tried;
  if (sent === undefined || !timingSafeEqual(sent, hashOf(tried, code))) throw refused('wrong');
  return tried;
}
