/**
 * "This was not me": the link of a notice ends the session that it is about, or all, with effect. Where the notice says that
 * something was added or changed, it takes that back and ends all. It asks for no password. The link can end its session once and
 * all sessions once. A repeat ends nothing new and gets the same answer, because the first one may have been lost.
 */
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { NotMeDetail } from '../../notifications/notices.ts';
import { oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { endAllOfUser, endSelected } from '../../sessions/endSessions.ts';
import { type TakingBackParts, takeBack } from './takeBack.ts';

export interface NotMeReport {
  readonly token: string;
  /** End all sessions; also when the notice is about no session, or about something that is taken back. */
  readonly all: boolean;
}

export interface NotMeDone {
  readonly ended: 'session' | 'all';
  readonly takenBack: Awaited<ReturnType<typeof takeBack>> | undefined;
}

/**
 * Returns what has ended once that is in effect: no service accepts it any more. Throws `invalid_link`, and `unavailable` when the
 * effect is not certain: then repeat it.
 */
export type NotMe = (report: NotMeReport, actor: Actor) => Promise<NotMeDone>;

export function createNotMe(parts: RevokingParts & TakingBackParts): NotMe {
  return async ({ token, all }, actor) => {
    const hash = oneTimeTokenHash(token);
    if (hash === undefined) throw invalidLink('malformed');
    const now = parts.clock.now();
    const { result } = await revokeAndPropagate(parts, now, (stores) =>
      report(parts, stores, { hash, all, actor, now }),
    );
    return result;
  };
}

async function report(
  parts: TakingBackParts,
  stores: RevokingStores,
  { hash, all, actor, now }: Pick<NotMeReport, 'all'> & Pick<End, 'actor' | 'now'> & { hash: Uint8Array },
): Promise<NotMeDone> {
  const userId = (await stores.oneTimeTokens.find(hash, 'not_me', now))?.userId;
  if (userId === undefined) throw invalidLink('unknown');
  const user = await stores.users.lock(userId);
  // Read again under the lock: of two requests at once, the second one repeats.
  const found = await stores.oneTimeTokens.find(hash, 'not_me', now);
  if (user === undefined || found === undefined) throw invalidLink('user');
  const detail = found.detail as NotMeDetail;
  const { session_id: sessionId, used, takes_back: what } = detail;
  const ended = all || sessionId === null || what !== null ? 'all' : 'session';
  const after: NotMeDetail = { ...detail, used: used === 'all' ? used : ended };
  await stores.oneTimeTokens.replace(hash, { detail: after, codeHash: undefined }, now);
  // Whoever was in the account may have begun to change the address.
  await stores.oneTimeTokens.forget(userId, 'email_proof');
  const how = { user, actor, now, doneAt: found.createdAt, isFirst: used === 'none' };
  const takenBack = what === null ? undefined : await takeBack(parts, stores, what, how);
  await end(stores, { userId, sessionId, ends: ended, used, takenBack, actor, now });
  return { ended, takenBack };
}

function invalidLink(reason: string): AuthorityError {
  return new AuthorityError('invalid_link', { reason });
}

interface End {
  readonly userId: UserId;
  readonly sessionId: SessionId | null;
  readonly ends: 'session' | 'all';
  readonly used: NotMeDetail['used'];
  readonly takenBack: NotMeDone['takenBack'];
  readonly actor: Actor;
  readonly now: number;
}

async function end(
  stores: RevokingStores,
  { userId, sessionId, ends, used, takenBack, actor, now }: End,
): Promise<void> {
  const ending = { reason: 'not_me', actor, now } as const;
  const about = { actor, userId, reason: ends, ...(takenBack && { detail: { taken_back: takenBack } }) };
  const report = { type: 'not_me_reported', ...about } as const;
  if (used !== ends && used !== 'all')
    await stores.audit.record(sessionId === null ? report : { ...report, sessionId }, now);
  if (ends === 'session' && sessionId !== null)
    await endSelected(stores, { sessionIds: [sessionId] }, ending);
  // Sessions that began after the first use are the owner's.
  else if (used === 'all') await endSelected(stores, { userId, onlyEnded: true }, ending);
  else await endAllOfUser(stores, userId, ending);
}
