/** Lists a user's live sessions, newest first. Pages by key, so that the last page is as fast as the first. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { sessionLimits } from './limits.ts';
import type { Session } from './session.ts';

export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Start of the next page; undefined on the last one. */
  readonly next: SessionId | undefined;
}

/** Throws `not_found` for an unknown user. */
export type ListSessions = (
  userId: UserId,
  page: { readonly size?: number | undefined; readonly before?: SessionId | undefined },
) => Promise<SessionPage>;

export function createListSessions(parts: { database: Database; clock: Clock }): ListSessions {
  return async (userId, { size = sessionLimits.sessionsPageDefault, before }) => {
    const rows = await parts.database.sessions.list(userId, {
      now: parts.clock.now(),
      limit: size + 1,
      ...(before === undefined ? {} : { before }),
    });
    if (rows.length === 0 && (await parts.database.users.find(userId)) === undefined)
      throw new AuthorityError('not_found', { detail: 'There is no such user.' });
    const sessions = rows.slice(0, size);
    return { sessions, next: rows.length > size ? sessions.at(-1)?.id : undefined };
  };
}
