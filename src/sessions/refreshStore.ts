/** What a refresh writes: the session's row and what is told of it, in one statement. */

import type { SessionId } from '@countersign/verifier/ids';
import type { AuditEvent } from '../audit/auditEvent.ts';
import type { ClientContext, SessionContext } from './session.ts';

export interface SessionUse extends Pick<ClientContext, 'userAgent' | 'ip'> {
  readonly now: number;
  readonly context: SessionContext;
  readonly idleExpiresAt: number;
  readonly accessExpiresAt: number;
  /** The key that will sign the access token. */
  readonly signingKid: string;
  /** Recorded if it is written. */
  readonly events: readonly AuditEvent[];
}

export interface RefreshStore {
  /**
   * Makes the next generation current, if `from` still is, the session is alive and no version moved.
   * False when anything had changed meanwhile; then nothing is written.
   */
  advance(id: SessionId, from: number, use: SessionUse): Promise<boolean>;
  /**
   * Counts one repeat of the refresh that made `current` current, under the same conditions as `advance` and only
   * while fewer than `maximum` are counted.
   */
  repeat(id: SessionId, current: number, maximum: number, use: SessionUse): Promise<boolean>;
  /** Says that the advance to `current` was at `now`, unless the session has gone on since. */
  restamp(id: SessionId, current: number, now: number): Promise<void>;
}
