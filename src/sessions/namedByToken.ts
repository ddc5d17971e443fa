/**
 * What an access token names, its session, can be taken back by what the token says alone. The database may have no row of the
 * session, or one of an earlier time: rows are deleted by hand, and databases are put back. What is answered as done has an effect all
 * the same.
 */
import { uuidBytes } from '@countersign/verifier/ids';
import { afterEveryToken } from '@countersign/verifier/revocation/revocation';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import type { RevokingStores } from '../revocation/propagation/revokeAndPropagate.ts';
import { type Ending, endOf } from './endSessions.ts';
import type { Caller, Session } from './session.ts';

/** The caller holds a genuine token that says so. */
export interface NamedByToken extends Caller {
  /** When that token expires: milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Whether ending the session by its row ends that token, too: the row knows of a token that lives as long. */
export function rowCovers(
  row: Pick<Session, 'userId' | 'accessExpiresAt'> | undefined,
  { userId, expiresAt }: NamedByToken,
): boolean {
  return row?.userId === userId && row.accessExpiresAt >= expiresAt;
}

/** In a transaction of `revokeAndPropagate` that ended the session as far as there was a row of it. */
export async function endNamed(stores: RevokingStores, named: NamedByToken, ending: Ending): Promise<void> {
  const row = await stores.sessions.find(named.sessionId);
  if (!rowCovers(row, named)) await revokeNamed(stores, named, ending);
}

/**
 * Revokes every token of the session, whatever its row says: until the longest lifetime is over, since others may live longer than the
 * one that was shown. Its end is told once.
 */
export async function revokeNamed(
  stores: RevokingStores,
  { userId, sessionId }: Caller,
  { reason, actor, now }: Ending,
): Promise<void> {
  await stores.revoke([{ subject: uuidBytes(sessionId), reason, expiresAt: afterEveryToken(now) }]);
  const told = await stores.auditLog.list({ sessionId, type: 'session_ended' }, undefined, 1);
  if (told.length > 0) return;
  const detail = { named_by: 'token' };
  await stores.audit.record({ ...endOf(sessionId, reason, actor), userId, detail }, now);
}

/** The session of these claims, whatever the database knows of it. */
export function namedBy({ sub, sid, exp }: AccessTokenClaims): NamedByToken {
  return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
}
