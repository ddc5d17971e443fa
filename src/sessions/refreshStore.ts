/** A refresh's writes in one statement: the session's row and audit events. */

import type { SessionId } from '@countersign/verifier/ids';
import type { AuditEvent } from '../audit/auditEvent.ts';
import type { ClientContext, SessionContext } from './session.ts';

export interface SessionUse extends Pick<ClientContext, 'userAgent' | 'ip'> {
  readonly now: number;
  readonly context: SessionContext;
  /** From now on the session's `acr` is `0`. */
  readonly isDoubtful?: boolean;
  readonly idleExpiresAt: number;
  readonly accessExpiresAt: number;
  /** The epoch of the rights that the access token will have. */
  readonly rightsEpoch: number;
  /** The key that will sign the access token. */
  readonly signingKid: string;
  /** A session without a key is bound to this one, from the generation that becomes current. */
  readonly jkt?: string | undefined;
  /** Recorded only if the row is written. */
  readonly events: readonly AuditEvent[];
}

export interface RefreshStore {
  /**
   * Makes the next generation current if `from` still is, the session is alive, and neither version nor rights epoch changed.
   * Otherwise writes nothing and returns false.
   */
  advance(id: SessionId, from: number, use: SessionUse): Promise<boolean>;
  /**
   * Counts one repeat of the refresh that made `current` current, under the conditions of `advance` and, for a session without a
   * key, below `maximum`.
   */
  repeat(id: SessionId, current: number, maximum: number, use: SessionUse): Promise<boolean>;
  /** Sets the time of the advance to `current` to `now`, unless the session advanced since. */
  restamp(id: SessionId, current: number, now: number): Promise<void>;
}
