/** Deletes sessions that ended or expired long ago, once nothing can be refreshed and no access token can be live. */

import type { ReadTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../database.ts';
import { sessionLimits } from './limits.ts';

/** Deletes one batch in one transaction. `more`: there may be others. Does nothing while another node deletes. */
export type DeleteOldSessions = () => Promise<{ readonly sessions: number; readonly more: boolean }>;

export function createDeleteOldSessions(parts: {
  readonly database: Pick<Database, 'transaction'>;
  readonly retentionMs: number;
  /** The earliest time it can be, so that nothing is deleted too early. */
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
