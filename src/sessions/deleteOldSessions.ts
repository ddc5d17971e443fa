/** Deletes sessions that ended or expired long ago: nothing that could be refreshed, or that a token could still be of. */

import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../database.ts';
import { sessionLimits } from './limits.ts';

/** One batch, in one transaction; answers how many, and whether there may be more. Does nothing while another node is at it. */
export type DeleteOldSessions = () => Promise<{ readonly sessions: number; readonly more: boolean }>;

export function createDeleteOldSessions(parts: {
  readonly database: Pick<Database, 'transaction'>;
  readonly retentionMs: number;
  /** By which nothing is forgotten too early. */
  readonly earliestTime: ReadTime;
}): DeleteOldSessions {
  const { database, retentionMs, earliestTime } = parts;
  const batch = sessionLimits.sessionsDeletedRows;
  return () =>
    database.transaction(
      async ({ advisoryLocks, sessions }) => {
        if (!(await advisoryLocks.take('deleting_sessions'))) return { sessions: 0, more: false };
        const deleted = await sessions.deleteFinished(retentionMs, earliestTime(), batch);
        return { sessions: deleted, more: deleted === batch };
      },
      { always: true },
    );
}
