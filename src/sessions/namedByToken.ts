/**
 * Ends and revokes a session by what its token says. The database may have no row, or an older one: rows are deleted by hand and
 * databases are restored. The caller's success must still mean that the tokens are revoked.
 */
import { uuidBytes } from '@countersign/verifier/ids';
import { afterEveryToken } from '@countersign/verifier/revocation/revocation';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import type { RevokingStores } from '../revocation/propagation/revokeAndPropagate.ts';
import { type Ending, endOf } from './endSessions.ts';
import type { Caller } from './session.ts';
import type { EndedSession } from './store.ts';

/** Claims of a genuine token that the caller holds. */
export interface NamedByToken extends Caller {
  /** The token's expiry, milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Whether ending the session by its row also ends this token: the row knows a token that lives at least as long. */
export function rowCovers(
  row: Pick<EndedSession, 'userId' | 'accessExpiresAt'> | undefined,
  { userId, expiresAt }: NamedByToken,
): boolean {
  if (row === undefined) return false;
  // A client's own session has no user.
  return (row.userId === undefined || row.userId === userId) && row.accessExpiresAt >= expiresAt;
}

/** Runs in a transaction of `revokeAndPropagate` that ended the session's row, if there was one. */
export async function endNamed(stores: RevokingStores, named: NamedByToken, ending: Ending): Promise<void> {
  const row = await stores.sessions.find(named.sessionId);
  if (!rowCovers(row, named)) await revokeNamed(stores, named, ending);
}

/**
 * Revokes the session whatever its row says, for the longest token lifetime: other tokens may outlive the presented one. One
 * audit event.
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

export function namedBy({ sub, sid, exp }: AccessTokenClaims): NamedByToken {
  return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
}
