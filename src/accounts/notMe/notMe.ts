/**
 * "This was not me": the link of a notice ends the session that it is about, or all, with effect. It only ever ends things, so it
 * asks for no password. The link can end its session once and all sessions once. A repeat ends nothing new and gets the same
 * answer, because the first one may have been lost.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { endAllOfUser, endSelected } from '../../sessions/endSessions.ts';

export interface NotMeReport {
  readonly token: string;
  /** End all sessions; also when the notice is about none. */
  readonly all: boolean;
}

/**
 * Returns what has ended once that is in effect: no service accepts it any more. Throws `invalid_link`, and `unavailable` when the
 * effect is not certain: then repeat it.
 */
export type NotMe = (report: NotMeReport, actor: Actor) => Promise<'session' | 'all'>;

export function createNotMe(parts: RevokingParts): NotMe {
  return async ({ token, all }, actor) => {
    const hash = oneTimeTokenHash(token);
    if (hash === undefined) throw new AuthorityError('invalid_link', { reason: 'malformed' });
    const now = parts.clock.now();
    const { result } = await revokeAndPropagate(parts, now, async (stores) => {
      const seen = await stores.oneTimeTokens.find(hash, 'not_me', now);
      if (seen?.userId === undefined) throw new AuthorityError('invalid_link', { reason: 'unknown' });
      const { userId } = seen;
      await stores.users.lock(userId);
      // Read again under the lock: of two requests at once, the second one repeats.
      const { detail } = (await stores.oneTimeTokens.find(hash, 'not_me', now)) ?? seen;
      const sessionId = detail['session_id'] as SessionId | null;
      const used = detail['used'] as Used;
      const ends = all || sessionId === null ? 'all' : 'session';
      const usedNow = used === 'all' ? used : ends;
      await stores.oneTimeTokens.replace(
        hash,
        { detail: { ...detail, used: usedNow }, codeHash: undefined },
        now,
      );
      // Whoever was in the account may have begun to change the address.
      await stores.oneTimeTokens.forget(userId, 'email_proof');
      await end(stores, { userId, sessionId, ends, used, actor, now });
      return ends;
    });
    return result;
  };
}

type Used = 'none' | 'session' | 'all';

interface End {
  readonly userId: UserId;
  readonly sessionId: SessionId | null;
  readonly ends: 'session' | 'all';
  readonly used: Used;
  readonly actor: Actor;
  readonly now: number;
}

async function end(
  stores: RevokingStores,
  { userId, sessionId, ends, used, actor, now }: End,
): Promise<void> {
  const ending = { reason: 'not_me', actor, now } as const;
  const report = { type: 'not_me_reported', actor, userId, reason: ends } as const;
  if (used !== ends && used !== 'all')
    await stores.audit.record(sessionId === null ? report : { ...report, sessionId }, now);
  if (ends === 'session' && sessionId !== null)
    await endSelected(stores, { sessionIds: [sessionId] }, ending);
  // Sessions that began after the first use are the owner's.
  else if (used === 'all') await endSelected(stores, { userId, onlyEnded: true }, ending);
  else await endAllOfUser(stores, userId, ending);
}
