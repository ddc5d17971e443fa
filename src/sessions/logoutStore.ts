/** What logouts write: sessions that end, their revocations and what is told of them, in one statement. */

import type { SessionId } from '@countersign/verifier/ids';
import type { CommitMark } from '@countersign/verifier/revocation/position';
import type { AuditEvent } from '../audit/auditEvent.ts';
import type { EndReason } from './session.ts';
import type { EndedSession } from './store.ts';

/** The user is that of the session. */
export interface SessionEvent extends Omit<AuditEvent, 'userId'> {
  readonly sessionId: SessionId;
}

export interface Ended {
  /** As `SessionStore.end` answers them. */
  readonly ended: readonly EndedSession[];
  /** Undefined when nothing was revoked. */
  readonly mark: CommitMark | undefined;
}

export interface LogoutStore {
  /**
   * Ends the sessions that have an event, as `SessionStore.end` does, revokes the tokens of those that it answers, and records the
   * events of those that were live. One event for each session. Resolves after the commit; when it rejects, that may have been
   * done all the same. `silent`: no event is recorded.
   */
  end(
    events: readonly SessionEvent[],
    reason: EndReason,
    now: number,
    options?: { readonly silent?: boolean },
  ): Promise<Ended>;
}
