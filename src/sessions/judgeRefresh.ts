/**
 * Judges a genuine refresh token. Pure: it is given the row, the time and the client. The store's statements repeat its
 * conditions, so that a judgement of the row still holds when the row is written.
 */
import { sessionLimits } from './limits.ts';
import { type ClientContext, holdsKey, sessionExpiry } from './session.ts';
import type { SessionWithUser } from './store.ts';

export type RefreshVerdict =
  /** It was the current generation: the next one becomes current. */
  | { readonly kind: 'rotated' }
  /** A lost response or a second tab: return the same successor again. */
  | { readonly kind: 'repeated_in_grace' }
  /** Repeated in the grace window too often: refused without a write and without harm to the session. */
  | { readonly kind: 'repeated_too_often' }
  /** Good when it arrived, but two other requests came first: refused likewise. Its answer would be out of date. */
  | { readonly kind: 'overtaken' }
  /** Another party has used this token: the session ends. */
  | { readonly kind: 'theft'; readonly rule: 'replayed' | 'other_context' }
  /** The session, if it is alive, stays as it is. */
  | {
      readonly kind: 'refused';
      readonly rule: 'ended' | 'expired' | 'idle' | 'user_disabled' | 'version' | 'other_key';
    };

export interface RefreshRequest {
  readonly now: number;
  /** Earlier than `now` after a wait. A repeat that arrived in time counts as in time. */
  readonly arrivedAt: number;
  readonly client: ClientContext;
  readonly graceMs: number;
  /** The thumbprint of the key that the client proved. */
  readonly jkt?: string | undefined;
}

export function judgeRefresh(
  session: SessionWithUser,
  presentedGeneration: number,
  request: RefreshRequest,
): RefreshVerdict {
  return deadRule(session, request.now) ?? judgeGeneration(session, presentedGeneration, request);
}

function deadRule(session: SessionWithUser, now: number): RefreshVerdict | undefined {
  if (session.endedAt !== undefined) return { kind: 'refused', rule: 'ended' };
  if (session.user.disabled) return { kind: 'refused', rule: 'user_disabled' };
  if (session.user.tokenVersion !== session.tokenVersion) return { kind: 'refused', rule: 'version' };
  if (sessionExpiry(session) > now) return undefined;
  return { kind: 'refused', rule: session.expiresAt <= now ? 'expired' : 'idle' };
}

function judgeGeneration(
  session: SessionWithUser,
  presented: number,
  { arrivedAt, client, graceMs, jkt }: RefreshRequest,
): RefreshVerdict {
  // A thief without the key must not end the session, either.
  if (!holdsKey(session, presented, jkt)) return { kind: 'refused', rule: 'other_key' };
  if (presented === session.generation) return { kind: 'rotated' };
  const { boundKey } = session;
  const isPrevious = presented === session.generation - 1;
  // Only the holder can use the successor, so it may be lost for as long as nobody does.
  if (isPrevious && boundKey !== undefined && jkt === boundKey.jkt) return { kind: 'repeated_in_grace' };
  const inGrace =
    graceMs > 0 && isPrevious && session.rotatedAt !== undefined && arrivedAt < session.rotatedAt + graceMs;
  if (!inGrace && isOvertaken(session, presented, { arrivedAt, client, graceMs, jkt }))
    return { kind: 'overtaken' };
  if (!inGrace) return { kind: 'theft', rule: 'replayed' };
  // The address may change between two tries, as on phones; the browser or program does not.
  if (client.userAgent !== session.userAgent) return { kind: 'theft', rule: 'other_context' };
  // Another tab, or somebody else: nobody can tell yet. Only the holder of the key gets the successor.
  if (boundKey !== undefined) return { kind: 'refused', rule: 'other_key' };
  if (session.graceRepeats >= sessionLimits.refreshGraceRepeats) return { kind: 'repeated_too_often' };
  return { kind: 'repeated_in_grace' };
}

/**
 * Two generations old, but from before the current one: such as of a page that was loaded again while the request waited here. It was
 * the current or the previous generation then.
 */
function isOvertaken(
  session: SessionWithUser,
  presented: number,
  { arrivedAt, client, graceMs, jkt }: Omit<RefreshRequest, 'now'>,
): boolean {
  const { generation, rotatedAt, boundKey, userAgent } = session;
  if (presented !== generation - 2 || rotatedAt === undefined) return false;
  if (boundKey !== undefined && boundKey.jkt !== jkt) return false;
  return graceMs > 0 && arrivedAt < rotatedAt && client.userAgent === userAgent;
}
