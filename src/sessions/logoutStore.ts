/** Logout's writes in one statement: ended sessions, their revocations and audit events. The SQL is in `storage/postgres/logoutStore.ts`. */

import type { SessionId } from '@countersign/verifier/ids';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import type { AuditEvent } from '../audit/auditEvent.ts';
import type { EndReason } from './session.ts';
import type { EndedSession } from './store.ts';

/** The user comes from the session's row. */
export interface SessionEvent extends Omit<AuditEvent, 'userId'> {
  readonly sessionId: SessionId;
}

export interface Ended {
  /** As from `SessionStore.end`. */
  readonly ended: readonly EndedSession[];
  /** Undefined when nothing was revoked. */
  readonly mark: CommitMark | undefined;
}

export interface LogoutStore {
  /**
   * Ends the session of each event as `SessionStore.end` does, revokes their tokens, and records the events of sessions that were
   * live. One event per session. Resolves after the commit; a rejection does not mean that the commit failed. `silent`: no event
   * is recorded.
   */
  end(
    events: readonly SessionEvent[],
    reason: EndReason,
    now: number,
    options?: { readonly silent?: boolean },
  ): Promise<Ended>;
}
