import type { SessionId, UserId } from '../core/ids.ts';
import type { ClientContext, EndReason, Session } from './session.ts';

/** A session as a refresh sees it: with what its user's row says at the same moment. */
export interface SessionWithUser extends Session {
  readonly user: { readonly tokenVersion: number; readonly disabled: boolean };
}

/** Which sessions to end. */
export type SessionSelection =
  | { readonly sessionId: SessionId }
  | { readonly userId: UserId; readonly except?: SessionId };

export interface EndedSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly accessExpiresAt: number;
  /** False when it had ended before and only its access tokens could still be live. */
  readonly newlyEnded: boolean;
}

/** What a refresh writes. */
export interface SessionUse extends ClientContext {
  readonly now: number;
  readonly idleExpiresAt: number;
  readonly accessExpiresAt: number;
}

export interface SessionStore {
  create(session: Omit<Session, 'generation' | 'rotatedAt' | 'graceRepeats' | 'endedAt'>): Promise<void>;
  find(id: SessionId): Promise<SessionWithUser | undefined>;
  /** The user's sessions that are alive at `now`, newest first, those before `before` only. */
  list(userId: UserId, page: { now: number; limit: number; before?: SessionId }): Promise<readonly Session[]>;
  /**
   * Makes the next generation current, if `from` still is, the session is alive and no version moved: one statement.
   * False when anything had changed meanwhile; then nothing is written.
   */
  advance(id: SessionId, from: number, use: SessionUse): Promise<boolean>;
  /**
   * Counts one repeat of the refresh that made `current` current, under the same conditions as `advance` and only
   * while fewer than `maximum` are counted.
   */
  repeat(id: SessionId, current: number, maximum: number, use: SessionUse): Promise<boolean>;
  /**
   * Ends the selected sessions, and answers each whose access tokens could still be live at `now`, those included that
   * had ended before: a caller whose first answer was lost brings them into effect again.
   */
  end(selection: SessionSelection, reason: EndReason, now: number): Promise<readonly EndedSession[]>;
  /** Lets one session go on under a new token version of its user. */
  setTokenVersion(id: SessionId, tokenVersion: number): Promise<void>;
}
